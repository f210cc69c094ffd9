import type { CheckResult, GateReport } from './checks.ts';

/** The report as JUnit XML: a test case for each check. */
export function junitXml({ checks }: GateReport): string {
  const count = (status: CheckResult['status']) => checks.filter((check) => check.status === status).length;
  const total = checks.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counts = `tests="${checks.length}" failures="${count('failed')}" skipped="${count('skipped')}" errors="0" time="${seconds(total)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="git coord gate" ${counts}>`,
    `  <testsuite name="gate" ${counts}>`,
    ...checks.map(testCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase({ name, status, reason, durationMs, output }: CheckResult): string {
  const message = `message="${escaped(reason ?? '')}"`;
  const verdict = { passed: '', failed: `<failure ${message}/>`, skipped: `<skipped ${message}/>` }[status];
  const printed = output === '' ? '' : `<system-out>${escaped(output)}</system-out>`;
  return `    <testcase classname="gate" name="${name}" time="${seconds(durationMs)}">${verdict}${printed}</testcase>`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Tools print colours and worse; XML has no way to write most control characters, nor half of a pair. */
function escaped(text: string): string {
  return text
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
    .replace(/[&<>"]/g, (char) => entities[char] ?? char);
}
