/** Put in by the build. */
declare const COORD_VERSION: string | undefined;

/** A daemon of another version than the command's is replaced. */
export const daemonVersion = typeof COORD_VERSION === 'string' ? COORD_VERSION : '0.0.0-dev';
