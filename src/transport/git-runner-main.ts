/** The entry of the process that starts git for another one: answers until that one is gone, and what runs by then goes on to its end. */
import { CoordError } from '../errors.ts';
import { runGit } from './git-process.ts';
import type { RunnerReply, RunnerRequest } from './git-runner.ts';

const answer = (reply: RunnerReply): void => {
  // nobody is there any more to be told
  if (process.connected) process.send?.(reply, undefined, undefined, () => {});
};

process.on('message', ({ id, args, request }: RunnerRequest) => {
  runGit(args, request).then(
    (result) => answer({ id, result }),
    (error: unknown) => {
      const { code, message } = error instanceof CoordError ? error : new CoordError('internal', String(error));
      answer({ id, error: { code, message } });
    },
  );
});
