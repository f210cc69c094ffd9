/**
 * What a daemon takes from the environment of those who use it. It outlives the shell that started it: an ssh agent's
 * socket, a ticket or a token are others tomorrow, so every command hands its own over.
 */
const lent =
  /^(?:SSH_AUTH_SOCK|SSH_AGENT_PID|(?:GIT|SSH)_ASKPASS|SSH_ASKPASS_REQUIRE|GIT_SSH(?:_COMMAND|_VARIANT)?|GIT_SSL_\w+|GIT_CONFIG_(?:COUNT|PARAMETERS|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM)|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|KRB5CCNAME|(?:https?|all|no)_proxy|(?:HTTPS?|ALL|NO)_PROXY)$/;

/** They locate a repository, or say who acts or whose process it is: the daemon finds its own clone, acts for all who claim there, and stays. */
const personal =
  /^(?:GIT_(?:ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|DIR|GRAFT_FILE|IMPLICIT_WORK_TREE|INDEX_FILE|INTERNAL_SUPER_PREFIX|NAMESPACE|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|QUARANTINE_PATH|REPLACE_REF_BASE|SHALLOW_FILE|WORK_TREE|REFLOG_ACTION|PUSH_OPTION_.*)|COORD_(?:AGENT|SESSION|OWNER_PID|BYPASS|DEBUG|PROCESS_MARK)|CLAUDE_CODE_SESSION_ID|CODEX_THREAD_ID|NODE_OPTIONS|NODE_CHANNEL_\w+)$/;

/** All together are at most this long: what doesn't fit isn't handed over. */
const lentCharsMax = 32 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** What a command hands over to a daemon that already runs. */
export function lentBy(env: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  let chars = 0;
  for (const [name, value] of Object.entries(env)) {
    if (!value || !lent.test(name)) continue;
    chars += name.length + value.length;
    if (chars <= lentCharsMax) found[name] = value;
  }
  return found;
}

/** The environment of a daemon that a command starts. */
export function daemonEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !personal.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * A daemon's environment after a command lent its own; null: nothing in it is new. What the command doesn't have stays,
 * since a cron job without an ssh agent says nothing against ours, but lists of git settings are replaced as a whole.
 */
export function withLent(env: Environment, given: Environment): Record<string, string | undefined> | null {
  const news = Object.entries(given).filter(
    ([name, value]) => value !== undefined && lent.test(name) && env[name] !== value,
  );
  if (news.length === 0) return null;
  const next: Record<string, string | undefined> = { ...env };
  if (given.GIT_CONFIG_COUNT !== undefined) {
    for (const name of Object.keys(next)) if (/^GIT_CONFIG_(KEY|VALUE)_\d+$/.test(name)) delete next[name];
  }
  return { ...next, ...Object.fromEntries(Object.entries(given).filter(([name]) => lent.test(name))) };
}
