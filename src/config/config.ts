import type { CheckName } from './settings.ts';

/** A number of milliseconds, or `auto`: resolved by `resolveTimings` once the host is known. */
export type AutoMs = number | 'auto';

/** The configuration of one clone, complete and checked. Durations are milliseconds. */
export interface Config {
  readonly coordination: {
    readonly mode: 'auto' | 'local' | 'remote';
    /** The name or address of the remote that keeps the book. */
    readonly remote: string;
    /** Before `board/` and `claims/`; ends in `/`. */
    readonly prefix: string;
    readonly claimTtlMs: AutoMs;
    readonly heartbeatIntervalMs: AutoMs;
    readonly pollIntervalMs: AutoMs;
    readonly daemon: 'auto' | 'off';
    readonly onLeaseLost: 'stop' | 'continue';
    readonly mirror: 'claims' | 'none';
  };
  readonly tasks: {
    readonly assignmentStrategy: 'priority' | 'skill_based' | 'round_robin' | 'load_balanced' | 'predictive';
    readonly timeoutMs: number;
    readonly retryLimit: number;
    /** The name of a task's branch, with `{id}` in it. */
    readonly branch: string;
  };
  readonly agents: {
    readonly maxConcurrentTasks: number;
    readonly specializations: readonly string[];
  };
  readonly land: {
    readonly strategy: 'rebase' | 'merge';
    readonly attemptsMax: number;
  };
  /** A command is `auto_detect`, `off`, or what the shell is to run. */
  readonly quality: {
    readonly type: 'auto_detect' | 'node' | 'python' | 'go' | 'rust';
    /** Checks that must not be skipped. */
    readonly required: readonly CheckName[];
    /** Of one command. */
    readonly timeoutMs: number;
    readonly lintCommand: string;
    readonly typeCheckCommand: string;
    readonly testCommand: string;
    readonly buildCommand: string;
    readonly securityCommand: string;
    /** Of one function. */
    readonly complexityMax: number | 'off';
  };
  readonly hooks: {
    readonly policy: 'off' | 'warn' | 'require';
  };
  readonly history: {
    readonly archiveAfterMs: number;
    readonly archiveAbove: number;
  };
  readonly monitoring: {
    readonly metricsEnabled: boolean;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
    /** Of the daemon's log. */
    readonly logFormat: 'text' | 'json';
    readonly dashboard: 'off' | 'daemon';
    readonly dashboardPort: number;
  };
}

/** Where a value comes from, the weakest first. */
export type Layer = 'default' | 'file' | 'git' | 'environment' | 'flag';

export interface Origin {
  readonly layer: Layer;
  /** For people: `.coord.yml:12`, `git config coord.claimTtl`, `COORD_CLAIM_TTL`. */
  readonly place: string;
}

/** Which book a clone uses: read from `git config` alone. */
export interface BookChoice {
  readonly mode?: Config['coordination']['mode'];
  readonly remote?: string;
  readonly prefix?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** By the key as `.coord.yml` has it: `coordination.claim_ttl`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What the shared file says of mode, remote and prefix: `init` writes it to `git config`. */
  readonly fileBook: BookChoice;
  /** One line each, for people. */
  readonly warnings: readonly string[];
  /** What was read otherwise than written, or passed over. */
  readonly notices: readonly string[];
}
