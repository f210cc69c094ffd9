import type { Filter } from '../coordinator/filter.ts';
import { CoordError } from '../errors.ts';
import type { Parsed } from './frame/parsed.ts';

/** The filters that `list`, `ready` and `claim --next` share. `agent` is one only where it isn't the identity. */
export function filterOf(parsed: Parsed, withAgent: boolean): Filter {
  const limit = parsed.number('limit');
  if (limit !== undefined && limit < 1)
    throw new CoordError('usage', `--limit takes a whole number from 1, not ${limit}`);
  return {
    state: parsed.list('state'),
    type: parsed.list('type'),
    label: parsed.list('label'),
    workflow: parsed.text('workflow'),
    agent: withAgent ? parsed.text('agent') : undefined,
    mine: parsed.flag('mine'),
    limit,
  };
}
