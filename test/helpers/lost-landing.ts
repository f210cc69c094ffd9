/** A server over HTTP that carries the push out which moves main, and then breaks the connection instead of saying so. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { startHttpBackend } from './http-backend.ts';

export async function losingLandings(bareDir: string) {
  const main = () => execFileSync('git', ['rev-parse', 'refs/heads/main'], { cwd: bareDir, encoding: 'utf8' });
  let lost = 0;
  const http = await startHttpBackend({
    root: dirname(bareDir),
    onRequest: (request, response) => {
      if (lost > 0 || request.method !== 'POST' || !request.url?.endsWith('/git-receive-pack')) return false;
      const before = main();
      const end = response.end.bind(response);
      const write = response.write.bind(response) as (chunk: unknown) => boolean;
      response.write = (chunk: unknown) => main() !== before || write(chunk);
      response.end = (() => {
        if (main() === before) return end();
        lost++;
        return response.destroy();
      }) as typeof response.end;
      return false;
    },
  });
  return { url: http.url('remote.git'), stop: http.stop, lost: () => lost };
}
