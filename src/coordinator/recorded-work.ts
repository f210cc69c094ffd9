import type { TaskNote, TaskState } from '../domain/task.ts';
import type { RecordStore } from '../store/record-store.ts';

/** The commits that a task answers for (protocol 11): what it sent to review, and what it landed. */
export interface RecordedWork {
  readonly state: TaskState | 'absent' | 'unreadable';
  /** Of a task in review or done alone: work that was sent back is nobody's. */
  readonly commits: readonly string[];
}

/** @throws CoordError `unavailable` */
export async function recordedWork(store: RecordStore, ids: readonly string[]): Promise<Map<string, RecordedWork>> {
  const { records } = await store.read(ids.map((id) => store.layout.board(id)));
  return new Map(
    ids.map((id): [string, RecordedWork] => {
      const decoded = records.get(store.layout.board(id))?.decoded;
      if (decoded === undefined) return [id, { state: 'absent', commits: [] }];
      const note = decoded.ok ? (decoded.note as TaskNote) : null;
      if (note?.task.id !== id) return [id, { state: 'unreadable', commits: [] }];
      const { state, review, landed } = note.task;
      const counts = state === 'review' || state === 'done';
      const named = [review?.commit, landed?.commit].filter((oid) => oid !== undefined);
      return [id, { state, commits: counts ? [...new Set(named)] : [] }];
    }),
  );
}
