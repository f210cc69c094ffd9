import { type LandingLook, lookAtLandings, type SeenLandings } from '../coordinator/landings-look.ts';
import type { Who } from '../domain/seen.ts';
import { type Folder, fileFolder } from '../store/folder.ts';
import { fetchedTip, localTip } from '../worker/branch-tips.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { landingCode } from '../worker/landing-code.ts';
import { missingCommits } from '../worker/missing-commits.ts';
import { landingPlace } from './landing-place.ts';
import type { App } from './open-app.ts';

/** Looks whether what has landed is there, and puts right what this clone landed. @throws CoordError `unavailable` */
export async function lookAtLandingsOn(app: App, who: Who): Promise<LandingLook[]> {
  const { context, clone, book, env } = app;
  if (clone.isShallow || isPartial(app)) return [];
  const git = cloneGit(clone.topLevel ?? clone.commonDir, env);
  const code = {
    at: book.remote === null ? ('clone' as const) : ('remote' as const),
    async missing(ref: string, commits: readonly string[]) {
      const tip = book.remote === null ? await localTip(git, ref) : await fetchedTip(git, book.remote, ref, 'landings');
      return missingCommits(git, tip, commits);
    },
    landing: (task: string, { ref, commit }: LandingLook['landed']) =>
      landingCode(landingPlace(app, git.dir, task, ref), {
        commit,
        isHead: false,
        branch: '',
        changed: [],
        untracked: [],
      }),
  };
  return lookAtLandings(context, who, code, seenIn(fileFolder(clone.coordDir)));
}

/** In a clone that fetches objects when they are asked for, asking for what is nowhere asks the remote. */
const isPartial = ({ clone }: App): boolean =>
  clone.gitConfig.has('extensions.partialclone') ||
  [...clone.gitConfig.keys()].some((key) => /^remote\..*\.promisor$/.test(key));

const seenFile = 'landings-seen.json';

function seenIn(folder: Folder): SeenLandings {
  return {
    load() {
      try {
        return new Map(Object.entries(JSON.parse(folder.read(seenFile) ?? '{}') as Record<string, string>));
      } catch {
        return new Map();
      }
    },
    save: (seen) => folder.write(seenFile, JSON.stringify(Object.fromEntries(seen))),
  };
}
