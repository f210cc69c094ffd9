import type { FolderTarget, ServiceQuestion } from './service-question.ts';

/** A path that git can't take for a host's or a bundle's name, as it is or as a `file` address without escapes. */
const path = /^(?:file:\/\/(?=\/[^%]*$))?(\.{0,2}\/.*)$/s;

/** A repository in a folder of this machine, for whose service git would start a process. Null: something else. */
export function folderTarget(address: string, { service, cwd, env }: ServiceQuestion): FolderTarget | null {
  const folder = path.exec(address)?.[1];
  return folder === undefined ? null : { service, folder, cwd, env };
}
