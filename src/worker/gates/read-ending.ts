/** What a tool's end means. Pure: an ending and an output to a verdict. */
import type { Ended } from '../supervise.ts';
import type { PartResult } from './checks.ts';
import type { Reader } from './steps.ts';

export type Verdict = Pick<PartResult, 'status' | 'reason' | 'output'>;

const notFound = 127;

/** A command of the configuration: only the status 0 is good. */
export function readCommand({ ending, output }: Ended, timeoutMs: number): Verdict {
  if (ending.kind === 'exited' && ending.status === 0) return { status: 'passed', reason: null, output };
  if (ending.kind === 'exited' && ending.status === notFound)
    return { status: 'failed', reason: 'exit status 127: the shell did not find the command', output };
  return { status: 'failed', reason: endingWords(ending, timeoutMs), output };
}

/** A tool that was detected: where it is missing, that part is skipped. */
export function readTool(ended: Ended, reader: Reader, timeoutMs: number): Verdict {
  const { ending, output } = ended;
  if (ending.kind === 'not-started' && ending.notFound) return { status: 'missing', reason: 'not found', output };
  if (ending.kind !== 'exited') {
    const isAudit = reader !== 'status' && reader !== 'pytest';
    const status = isAudit && ending.kind === 'timed-out' ? 'missing' : 'failed';
    return { status, reason: endingWords(ending, timeoutMs), output };
  }
  return readers[reader](ending.status, output);
}

function endingWords(ending: Ended['ending'], timeoutMs: number): string {
  switch (ending.kind) {
    case 'exited':
      return `exit status ${ending.status}`;
    case 'signalled':
      return `ended by ${ending.signal}`;
    case 'timed-out':
      return `stopped after ${timeoutMs / 1000} s, its time limit`;
    case 'stopped':
      return 'stopped';
    case 'not-started':
      return `could not be started: ${ending.why}`;
  }
}

const readers: Readonly<Record<Reader, (status: number, output: string) => Verdict>> = {
  status: (status, output) => {
    if (status === 0) return { status: 'passed', reason: null, output };
    // npm's script found no tool; cargo has no such subcommand, or rustup no such component
    const missing = status === notFound || /no such (?:sub)?command: `|is not installed for the toolchain/.test(output);
    if (missing) return { status: 'missing', reason: `not found: ${lastLine(output)}`, output };
    return { status: 'failed', reason: `exit status ${status}`, output };
  },
  pytest: (status, output) =>
    status === 5 ? { status: 'idle', reason: 'it found no tests', output } : readers.status(status, output),
  govulncheck: (status, output) => {
    if (status === 0) return { status: 'passed', reason: null, output: '' };
    if (status === 3) return { status: 'failed', reason: 'vulnerable dependencies', output };
    return { status: 'missing', reason: `no answer: ${lastLine(output)}`, output: '' };
  },
  'npm-audit': (_, output) =>
    audited(output, ({ metadata, error, message }) => {
      const counts = (metadata as { vulnerabilities?: Record<string, number> } | undefined)?.vulnerabilities;
      if (counts === undefined) return String((error as { summary?: string } | undefined)?.summary || message || '');
      const grave = (counts.high ?? 0) + (counts.critical ?? 0);
      return grave === 0 ? [] : [`${counts.critical ?? 0} critical, ${counts.high ?? 0} high: npm audit names them`];
    }),
  'pip-audit': (_, output) =>
    audited(output, ({ dependencies }) => {
      if (!Array.isArray(dependencies)) return '';
      const found = dependencies as { name: string; version?: string; vulns?: { id: string }[] }[];
      return found.flatMap(({ name, version, vulns = [] }) => vulns.map(({ id }) => `${name} ${version}: ${id}`));
    }),
  'cargo-audit': (_, output) =>
    audited(output, ({ vulnerabilities }) => {
      const found = vulnerabilities as { list?: { advisory: { id: string }; package: { name: string } }[] } | undefined;
      return found?.list?.map(({ advisory, package: one }) => `${one.name}: ${advisory.id}`) ?? '';
    }),
};

/** `look` gives what is vulnerable, or as a text why there is no answer. */
function audited(output: string, look: (report: Record<string, unknown>) => string[] | string): Verdict {
  const found = reportIn(output, look);
  if (typeof found === 'string')
    return { status: 'missing', reason: `no answer: ${oneLine(found) || lastLine(output)}`, output: '' };
  if (found.length === 0) return { status: 'passed', reason: null, output: '' };
  return { status: 'failed', reason: 'vulnerable dependencies', output: found.join('\n') };
}

function reportIn(output: string, look: (report: Record<string, unknown>) => string[] | string): string[] | string {
  try {
    return look(JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)));
  } catch {
    return '';
  }
}

const wordsMax = 200;
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, wordsMax);
const lastLine = (output: string): string => oneLine(output.trimEnd().split('\n').at(-1) ?? '') || 'it said nothing';
