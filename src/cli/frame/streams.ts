/** Standard output and error, written so that nothing is cut at the exit and that a reader who leaves is no error. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Aborted when standard output's reader has gone. */
  readonly outputClosed: AbortSignal;
  /** Resolves when all that was written has been taken, or nobody is left to take it. */
  flush(): Promise<void>;
}

export function openStreams(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Streams {
  const closed = new AbortController();
  const gone = new Set<NodeJS.WriteStream>();
  let failure: Error | undefined;
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      gone.add(stream);
      if (stream === stdout) {
        // a full disk behind `> file` must not look like success
        if (error.code !== 'EPIPE') failure = error;
        closed.abort();
      }
    });
  const write = (stream: NodeJS.WriteStream, text: string) => {
    if (!gone.has(stream) && text !== '') stream.write(text);
  };
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (gone.has(stream) || !stream.writable) resolve();
      else stream.write('', () => resolve());
    });
  return {
    out: (text) => write(stdout, text),
    err: (text) => write(stderr, text),
    outputClosed: closed.signal,
    flush: async () => {
      await Promise.all([drained(stdout), drained(stderr)]);
      // an error is told a turn after the write's callback
      await new Promise(setImmediate);
      if (failure !== undefined) throw failure;
    },
  };
}
