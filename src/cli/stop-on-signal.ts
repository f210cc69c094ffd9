const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has the commands that `work` runs end with us: they are in process groups of their own, which a terminal's interrupt doesn't
 * reach. Once they have ended, so does this process, as the signal would have ended it.
 */
export async function stopOnSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    received ??= signal;
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    if (received !== undefined) process.kill(process.pid, received);
  }
}
