import { readSetup } from '../app/setup.ts';
import { formatDuration } from '../config/durations.ts';
import { nearest } from '../config/nearest.ts';
import { fullKey, settings } from '../config/settings.ts';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';

export const run: Run = async (context, parsed) => {
  const { config, loaded } = await readSetup({ cwd: context.cwd, env: context.env as NodeJS.ProcessEnv });
  for (const words of [...loaded.warnings, ...loaded.notices]) context.warn(words);
  const [wanted] = parsed.positionals;
  const all = settings.map((setting) => {
    const key = fullKey(setting);
    return { key, value: valueAt(config, key), origin: loaded.origins.get(key)?.place ?? 'default' };
  });
  const shown = wanted === undefined ? all : all.filter(({ key }) => key === wanted || key.startsWith(`${wanted}.`));
  if (shown.length === 0) {
    const near = nearest(
      wanted ?? '',
      all.map(({ key }) => key),
    );
    throw new CoordError('config', `there is no setting ${wanted}`, {
      hint: near ? `Did you mean ${near}?` : undefined,
      next: ['git coord config'],
    });
  }
  const rows = shown.map(({ key, value, origin }) => [key, words(key, value), origin]);
  const columns = [{ title: 'KEY' }, { title: 'VALUE', flexible: true }, { title: 'FROM', paint: context.style.dim }];
  return {
    data: { settings: shown },
    text: table(columns, rows, { columns: context.terminal.columns, header: context.style.dim }),
  };
};

function words(key: string, value: unknown): string {
  if (typeof value === 'number' && /(ttl|interval|timeout|after)$/.test(key)) return formatDuration(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** `coordination.claim_ttl` is `coordination.claimTtlMs` in the configuration's own shape. */
export function valueAt(config: object, key: string): unknown {
  const [section = '', name = ''] = key.split('.');
  const values = (config as Record<string, Record<string, unknown>>)[section] ?? {};
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return values[camel] ?? values[`${camel}Ms`];
}
