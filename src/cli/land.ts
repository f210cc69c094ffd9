import { parseId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { defaultTarget } from '../worker/default-target.ts';
import { landingCode, workOf } from '../worker/landing-code.ts';
import { ownerOf } from './claim.ts';
import { thenNext } from './done.ts';
import type { Run } from './frame/spec.ts';
import { jsonOrFile } from './task-input.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ app, book, command }) => {
    const { clone, env, config } = app;
    if (clone.topLevel === null)
      throw new CoordError('not-ready', 'there is no worktree here, so there is no work to land', {
        hint: 'Land from a worktree of the task.',
      });
    const id = parseId(parsed.positionals[0] ?? '');
    const git = cloneGit(clone.topLevel, env);
    const work = await workOf(git, parsed.text('from') ?? 'HEAD');
    const target = `refs/heads/${parsed.text('onto') ?? (await defaultTarget(git, app.book.remote))}`;
    const place = { git, target, task: id, commonDir: clone.commonDir, coordDir: clone.coordDir };
    const code = landingCode({ ...place, remote: app.book.remote, strategy: config.land.strategy }, work);
    const text = parsed.text('result');
    const result = await book.land(id, {
      code,
      attemptsMax: config.land.attemptsMax,
      result: text === undefined ? null : jsonOrFile(text, '--result', context.cwd),
      command,
      onStep: context.notice,
    });
    const said = `${id}: landed on ${target.slice('refs/heads/'.length)}\n`;
    if (!parsed.flag('next')) return { data: result, text: said };
    return thenNext(result, () => book.next({}, { owner: ownerOf(context, parsed) }, `${command} (next)`), said);
  });
