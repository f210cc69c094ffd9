import type { Folder } from './folder.ts';

/**
 * What a clone did itself counts only where it was written: a copied clone, in another folder or on another machine, is
 * somebody else, though it brings the same names and files along (protocol 1, "Mine"). The last line of each text says
 * where it was written; what comes from elsewhere reads as absent.
 */
export function ownFolder(folder: Folder, place: string): Folder {
  const mark = `place=${place}\n`;
  return {
    ...folder,
    read: (name) => {
      const text = folder.read(name);
      return text?.endsWith(mark) === true ? text.slice(0, -mark.length) : null;
    },
    write: (name, text) => folder.write(name, text + mark),
  };
}
