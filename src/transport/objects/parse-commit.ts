import { type CommitObject, commitBytesMax, type Unreadable } from '../port.ts';

const oidLine = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Reads the body of a commit object. Tolerant of what others may have made (signatures, any headers, broken dates and
 * bytes that are no UTF-8), because a claim made with plain git counts too (protocol 3). A date that can't be read is 0.
 */
export function parseCommit(body: Buffer): CommitObject | Unreadable {
  if (body.length > commitBytesMax) return { unreadable: 'oversized' };
  const end = body.indexOf('\n\n');
  const header = body.toString('utf8', 0, end === -1 ? body.length : end).split('\n');
  const parents: string[] = [];
  let tree: string | undefined;
  let committer: string | undefined;
  for (const line of header) {
    const space = line.indexOf(' ');
    const value = line.slice(space + 1);
    const key = space === -1 ? line : line.slice(0, space);
    if (key === 'tree') tree = oidLine.test(value) ? value : undefined;
    else if (key === 'parent') {
      if (!oidLine.test(value)) return { unreadable: 'not-a-commit' };
      parents.push(value);
    } else if (key === 'committer') committer ??= value;
  }
  if (tree === undefined || committer === undefined) return { unreadable: 'not-a-commit' };
  const message = end === -1 ? '' : body.toString('utf8', end + 2);
  return { tree, parents, committedMs: dateMs(committer), message };
}

/** `Name <mail> seconds zone`: the seconds, as milliseconds. */
function dateMs(identity: string): number {
  const seconds = Number(/> (\d{1,12}) [+-]\d{4}$/.exec(identity)?.[1] ?? 0);
  return seconds * 1000;
}
