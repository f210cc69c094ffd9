/** Put in by the build. */
declare const COORD_VERSION: string | undefined;

export const version = typeof COORD_VERSION === 'string' ? COORD_VERSION : '0.0.0-dev';
