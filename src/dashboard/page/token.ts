const kept = 'git-coord-token';

/** The token of the address's fragment: kept for this tab alone, and taken out of what the address bar and the history show. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem(kept, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(kept);
}

export interface Done {
  readonly ok: boolean;
  readonly message: string;
  readonly next: readonly string[];
}

/** Does something to a task. What went wrong is an answer too. */
export async function act(token: string, action: string, task: string, priority?: number): Promise<Done> {
  try {
    const response = await fetch('/actions', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ action, task, ...(priority !== undefined && { priority }) }),
    });
    const { ok, error } = (await response.json()) as { ok: boolean; error?: { message: string; next?: string[] } };
    return { ok, message: error?.message ?? '', next: error?.next ?? [] };
  } catch {
    return { ok: false, message: 'the server can’t be reached', next: [] };
  }
}
