/** Put in by the build: names the sources. */
declare const COORD_BUILD: string | undefined;

/** Who wrote a file that only saves work: another build may read the same thing differently. */
export const build = typeof COORD_BUILD === 'string' ? COORD_BUILD : 'unbuilt';
