import { newToken, serveDashboard } from '../dashboard/serve-dashboard.ts';
import type { Answer } from './frame/context.ts';
import { successDocument } from './frame/output.ts';
import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened): Promise<Answer> => {
    const token = newToken();
    const dashboard = await serveDashboard({ ...opened, token });
    const { url, port } = dashboard;
    const wanted = opened.app.config.monitoring.dashboardPort;
    if (port !== wanted) context.notice(`port ${wanted} is taken; this is ${port}`);
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    for (const signal of signals) process.once(signal, stop);
    context.outputClosed.addEventListener('abort', stop);
    const address = `${url}#token=${token}`;
    const data = { url, port, token };
    context.write(context.json ? successDocument({ ...data, serving: true }) : `${address}\n`);
    context.notice('Whoever has the part after # can act on tasks; without it the page only shows. Ctrl-C ends it.');
    try {
      await Promise.race([stopped, dashboard.broken]);
    } finally {
      for (const signal of signals) process.off(signal, stop);
      await dashboard.close();
    }
    return { data: { url, port, serving: false }, text: '' };
  });
