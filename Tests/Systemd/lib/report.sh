# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# Named checks, and waiting with a bound.

passed=0
failed=0
checking=

# Runs a check and says how it went. The function runs apart, under `set -e`: the first command
# that fails is its end, and what it printed until then is shown.
check() { # SENTENCE FUNCTION [ARGUMENT...]
  local sentence=$1 status=0
  shift
  : >"$work/note"
  (set -e; "$@") >"$work/said" 2>&1 &
  checking=$!
  wait "$checking" || status=$?
  checking=
  sentence+=$(sed 's/.*/ (&)/' "$work/note")
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    printf 'ok %d - %s\n' $((passed + failed)) "$sentence"
  else
    failed=$((failed + 1))
    printf 'not ok %d - %s\n' $((passed + failed)) "$sentence"
    sed 's/^/#   /' "$work/said"
    show_journal
  fi
}

# For the sentence of the check that runs: what it measured.
note() { printf '%s\n' "$*" >"$work/note"; }

# Ends the check that runs.
fail() {
  printf 'failed: %s\n' "$*"
  exit 1
}

equal() { # WHAT FOUND EXPECTED
  [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

contains() { # WHAT TEXT PART
  [[ $2 == *"$3"* ]] || fail "$1 does not hold '$3': $2"
}

# Until the command succeeds; the check fails when it has not within that many seconds.
await() { # SECONDS COMMAND...
  local limit=$1 end=$((SECONDS + $1))
  shift
  until "$@" >"$work/awaited" 2>&1; do
    if ((SECONDS >= end)); then
      cat "$work/awaited"
      fail "not within $limit s: $*"
    fi
    sleep 0.1
  done
}

# Seconds with two decimals since an earlier $EPOCHREALTIME.
seconds_since() {
  local micros=$((${EPOCHREALTIME/./} - ${1/./}))
  printf '%d.%02d' $((micros / 1000000)) $((micros / 10000 % 100))
}

# What stays of a check that was interrupted.
stop_checking() {
  if [ -z "$checking" ]; then return; fi
  kill "$checking" 2>/dev/null || true
  wait "$checking" 2>/dev/null || true
}

summarise() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
