import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export type Assets = readonly Asset[];

/** The page, as the build left it beside the command line; read once, so that another build changes nothing of it. */
export function readAssets(): Assets {
  const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, folder())), 'utf8');
  return [
    { path: '/', type: 'text/html; charset=utf-8', body: read('dashboard.html') },
    { path: '/dashboard.js', type: 'text/javascript; charset=utf-8', body: read('dashboard.js') },
    { path: '/dashboard.css', type: 'text/css; charset=utf-8', body: read('dashboard.css') },
    { path: '/icon.svg', type: 'image/svg+xml', body: read('dashboard.svg') },
  ];
}

/** Where the page is, from wherever the bundler put this piece. */
function folder(): URL {
  const here = import.meta.url;
  return new URL(here.includes('/chunks/') ? '../dashboard/' : './dashboard/', here);
}
