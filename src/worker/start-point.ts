/**
 * From which commit the work of a task begins: what somebody did before is continued, not repeated.
 *
 *   new        the target, as it is now
 *   own        the task's branch in this clone: work that isn't in the target yet
 *   previous   the task's branch at the remote, pushed by whoever held the task before
 */
export type StartPoint =
  | { readonly from: 'new'; readonly commit: string }
  | {
      readonly from: 'own';
      readonly commit: string /** At the remote, and in neither. */;
      readonly other: string | null;
    }
  | { readonly from: 'previous'; readonly commit: string };

export interface StartFacts {
  readonly target: string;
  readonly own: string | null;
  readonly pushed: string | null;
  /** Leave aside what was done before. */
  readonly fresh: boolean;
  /** Whether the second commit is among the first one's ancestors, or is it. */
  readonly contains: (tip: string, commit: string) => Promise<boolean>;
}

export async function startPoint({ target, own, pushed, fresh, contains }: StartFacts): Promise<StartPoint> {
  const unlanded = async (tip: string | null) => (tip === null || fresh || (await contains(target, tip)) ? null : tip);
  const [ours, theirs] = [await unlanded(own), await unlanded(pushed)];
  if (ours === null) return theirs === null ? { from: 'new', commit: target } : { from: 'previous', commit: theirs };
  if (theirs === null || (await contains(ours, theirs))) return { from: 'own', commit: ours, other: null };
  if (await contains(theirs, ours)) return { from: 'previous', commit: theirs };
  return { from: 'own', commit: ours, other: theirs };
}
