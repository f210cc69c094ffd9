const wordsLengthMax = 4096;

/** Lines that git adds to every failure of that kind, and that say nothing of this one. */
const boilerplate = [
  /^Another git process seems to be running/,
  /^an editor opened by 'git commit'/,
  /^are terminated then try again/,
  /^may have crashed in this repository earlier/,
  /^remove the file manually to continue/,
  /^error: failed to push some refs to /,
  /^error: atomic push failed for ref /,
  /^Please make sure you have the correct access rights/,
  /^and the repository exists\.$/,
  /^warning: Permanently added /,
];

/** git's or the server's words for people, in one line: no boilerplate, no control characters, no passwords of URLs; at most 4096 characters. */
export function cleanWords(stderr: string): string {
  const lines = redactUrls(stderr)
    .split(/[\n\r]+/)
    .map((line) =>
      line
        .replace(/^remote: ?/, '')
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '')
        .trim(),
    )
    .filter((line) => line !== '' && !boilerplate.some((pattern) => pattern.test(line)));
  return [...new Set(lines)].join('; ').slice(0, wordsLengthMax);
}

/** Takes user names and passwords out of URLs. */
export function redactUrls(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@']*@/gi, '$1');
}
