/**
 * What a worker of the demo runs: a shell script, because this is all that an agent needs. `$1` is the demo's process, so
 * that no worker outlives it. The hooks stamp the commits with `Task:` and `Claim-Term:`.
 */
export const workerScript = `#!/bin/sh
# A worker: claim a task, work on its branch, say how far it is, be done and take the next.
export COORD_OWNER_PID=$$

# "api: claimed (term 1): Build the API" -> "api"
claimed() { sed -n 's/^\\([^: ]*\\): .*(term [0-9]*): .*/\\1/p' | tail -n 1; }

all_done() { git coord list --state open,claimed --json | grep -q '"tasks":\\[\\]'; }

# <task> <what> <percent>: what the branch has already is not done again
step() {
  grep -q "^$2 " "$1.txt" 2>/dev/null && return 0
  sleep 1
  echo "$2 by $COORD_AGENT" >>"$1.txt" &&
    git add "$1.txt" && git commit --quiet -m "$1: $2" && git push --quiet origin "task/$1" &&
    git coord progress "$1" "$2" --percent "$3"
}

work() {
  git fetch --quiet origin &&
    { git checkout --quiet -B "task/$1" "origin/task/$1" 2>/dev/null ||
      git checkout --quiet -B "task/$1" origin/main; } &&
    step "$1" 'first half' 50 && step "$1" 'second half' 90
}

task=
while kill -0 "$1" 2>/dev/null; do
  if [ -z "$task" ]; then
    task=$(git coord claim --next --wait 2s | claimed)
  elif work "$task"; then
    task=$(git coord done "$task" --next | claimed)
  else
    git coord release "$task"
    task=
  fi
  [ -n "$task" ] || ! all_done || exit 0
done
`;
