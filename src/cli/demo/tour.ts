/**
 * The tour: one task, three agents, and what goes wrong in real life, each step a command as somebody would type it. One of three
 * gets the claim, its machine dies, another takes over and lands; then the first wakes up and is refused.
 */
import { execFile } from 'node:child_process';
import { CoordError } from '../../errors.ts';
import { workerNames } from './plan.ts';
import type { Scene } from './scene.ts';
import { type Screen, seconds } from './screen.ts';
import { daemonPid } from './workers.ts';

export interface TourStep {
  readonly agent: string;
  readonly command: string;
  /** The exit status. */
  readonly status: number;
  readonly output: string;
}

export interface Toured {
  readonly steps: readonly TourStep[];
  /** Who won, and who took over. */
  readonly first: string;
  readonly second: string;
  /** From the kill until the task was somebody else's. */
  readonly takeoverMs: number;
  /** What is on the remote's main in the end. */
  readonly main: readonly string[];
}

const ttl = '4s';
const stepMsMax = 60_000;

/** @throws CoordError `internal` when a step ends otherwise than it is told */
export async function tour(scene: Scene, screen: Screen, signal: AbortSignal): Promise<Toured> {
  const steps: TourStep[] = [];
  const show = (step: TourStep): TourStep => {
    const lines = step.output.split('\n').filter((line) => line !== '');
    const exit = step.status === 0 ? '' : `   (exit ${step.status})`;
    screen.say([`  ${step.agent}$ ${step.command}${exit}`, ...lines.map((line) => `    ${line}`)].join('\n'));
    steps.push(step);
    return step;
  };
  const type = async (agent: string, command: string, ...expected: number[]): Promise<TourStep> => {
    signal.throwIfAborted();
    return show(mustEnd(await typed(scene, agent, command), expected.length > 0 ? expected : [0]));
  };

  screen.say('\nA task, and three agents in clones of their own that all want it at the same moment:\n');
  await type(workerNames[0], 'git coord add "Build the API" --id api');
  const claim = `git coord claim api --ttl ${ttl}`;
  const tries = await Promise.all(workerNames.map((agent) => typed(scene, agent, claim)));
  for (const one of tries) show(mustEnd(one, [0, 4]));
  const [first, ...others] = tries.filter(({ status }) => status === 0).map(({ agent }) => agent);
  const second = workerNames.find((agent) => agent !== first);
  if (first === undefined || second === undefined || others.length > 0)
    throw new CoordError('internal', `${tries.filter(({ status }) => status === 0).length} of three agents won`);

  screen.say(
    `\n${first} works on it, and pushes its branch as it goes; the hook says in each commit for which task and term:\n`,
  );
  await type(
    first,
    'git fetch -q && git checkout -q -b task/api origin/main && echo half > api && git add api && git commit -qm "Build half of it"',
  );
  await type(first, 'git push -q origin task/api && git coord progress api "half of it" --percent 50');
  const pid = await daemonPid(scene, first);
  if (pid !== null) process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();

  screen.say(
    `\nIts machine dies: nobody beats for the claim any more. ${second} waits for it, and goes on from that branch:\n`,
  );
  await type(second, 'git coord claim api --wait 60s');
  const takeoverMs = performance.now() - killedMs;
  await type(second, 'git fetch -q origin task/api && git checkout -q -b task/api FETCH_HEAD');
  await type(second, 'echo whole > api && git commit -qam "Build the other half" && git coord land api');

  screen.say(`\n${first} wakes up. It knows of nothing, ends its work and lands it:\n`);
  await type(first, 'git commit -q --no-verify --allow-empty -m "Build the rest, too late"');
  await type(first, 'git coord land api', 5);
  await type(first, 'git coord done api', 5);

  screen.say('\nOn main is the work of the one who held the task, and the log says who that was, and when:\n');
  await type(
    second,
    'git fetch -q && git log --format="%h %an: %s (%(trailers:key=Claim-Term,separator=%x2C))" origin/main',
  );
  await type(second, 'git coord log api');
  const main = (await scene.git(scene.remote, ['log', '--format=%s', 'main'])).trim().split('\n');
  if (main.some((subject) => subject.includes('too late')))
    throw new CoordError('internal', 'work of a superseded agent is on main');
  return { steps, first, second, takeoverMs: Math.round(takeoverMs), main };
}

export function tourText({ first, second, takeoverMs }: Toured, kept: string | null): string {
  const lines = [
    '',
    `${second} had the task ${seconds(takeoverMs)} after ${first} died (its claims live ${ttl} here; 20 s by default),`,
    'and what came late changed nothing: a landing names the claim that it rests on, and the remote compares.',
    '',
    ...(kept === null ? [] : [`The folder stays: ${kept}`]),
    'Next: git coord init, in a repository of yours. git coord help land tells more of landing.',
  ];
  return `${lines.join('\n')}\n`;
}

function mustEnd(step: TourStep, expected: readonly number[]): TourStep {
  if (expected.includes(step.status)) return step;
  const { agent, command, status, output } = step;
  throw new CoordError(
    'internal',
    `${agent}: ${command}: exit ${status}, not ${expected.join(' or ')}: ${output.trim()}`,
  );
}

/** Both streams, in the order in which they come. */
function typed(scene: Scene, agent: string, command: string): Promise<TourStep> {
  const options = { cwd: scene.clone(agent), env: scene.env(agent), timeout: stepMsMax };
  return new Promise((resolve) => {
    execFile('sh', ['-c', `exec 2>&1\n${command}`], options, (error, output) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ agent, command, status, output });
    });
  });
}
