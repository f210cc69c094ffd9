import type { CheckName } from '../../config/settings.ts';

/** How a tool is called. */
export interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  /** With these it takes a list of files in place of the whole project. */
  readonly onFiles?: { readonly args: readonly string[]; readonly extensions: readonly string[] };
}

/** Whose answer it is: an exit status, or a report to be read. */
export type Reader = 'status' | 'pytest' | 'npm-audit' | 'pip-audit' | 'govulncheck' | 'cargo-audit';

/** A tool that was detected: the first of these that this machine has. */
export interface ToolStep {
  readonly kind: 'tool';
  readonly tools: readonly [Tool, ...Tool[]];
  readonly reader?: Reader;
  /** Asks a registry about dependencies: an extra, run when these files are there, and among the changed ones. */
  readonly about?: readonly string[];
}

/** What a kind of project has for a check. */
export type Step = ToolStep | { readonly kind: 'none'; readonly reason: string };

/** All checks but complexity, whose scan is our own. */
export type ToolCheck = Exclude<CheckName, 'complexity'>;
export type Detected = Readonly<Record<ToolCheck, Step>>;

export const none = (reason: string): Step => ({ kind: 'none', reason });

export const tool = (command: string, args: readonly string[], more: Omit<ToolStep, 'kind' | 'tools'> = {}): Step => ({
  kind: 'tool',
  tools: [{ command, args }],
  ...more,
});
