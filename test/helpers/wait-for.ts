/** Waits for a condition instead of sleeping. */
const pollMs = 10;

/** Resolves with the first value that isn't `undefined` or `false`. @throws Error naming `what` at the deadline. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { readonly deadlineMs?: number; readonly what: string },
): Promise<Exclude<T, undefined | false | null>> {
  const deadlineMs = options.deadlineMs ?? 10_000;
  const startMs = performance.now();
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false && value !== null) {
      return value as Exclude<T, undefined | false | null>;
    }
    if (performance.now() - startMs > deadlineMs) throw new Error(`not within ${deadlineMs} ms: ${options.what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
