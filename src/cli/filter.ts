import type { Filter } from '../coordinator/book.ts';
import type { Parsed } from './frame/parse.ts';

/** The filters that `list`, `ready` and `claim --next` share. `agent` is one only where it isn't the identity. */
export function filterOf(parsed: Parsed, withAgent: boolean): Filter {
  return {
    state: parsed.list('state'),
    type: parsed.list('type'),
    label: parsed.list('label'),
    workflow: parsed.text('workflow'),
    agent: withAgent ? parsed.text('agent') : undefined,
    mine: parsed.flag('mine'),
    limit: parsed.number('limit'),
  };
}
