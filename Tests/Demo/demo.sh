#!/usr/bin/env bash
# Shows a whole rotation: the real daemon against a simulated AWS, with the hour that Cognito
# asks for compressed to 40 seconds. Everything is on loopback and in one temporary directory.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=${BIN:-$(swift build --show-bin-path)}
dir=$(mktemp -d "${TMPDIR:-/tmp}/cognito-certd-demo.XXXXXX")
pids=()

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap stop EXIT

say() { printf '\n=== %s\n\n' "$*"; }

# Waits until the daemon has logged a line that matches; gives up after $1 seconds.
await() {
  local end=$((SECONDS + $1))
  until grep -q -- "$2" "$dir/log" 2>/dev/null; do
    if ((SECONDS >= end)) || ! kill -0 "$daemon" 2>/dev/null; then
      echo "demo: no line with '$2' in the daemon's log after $1 seconds" >&2
      exit 1
    fi
    sleep 0.2
  done
}

say "A simulated AWS starts: two domains with their edges, each on a TLS port of its own"
"$bin/cognito-certd-simulator" serve --demo --directory "$dir" --write-config "$dir/config.yaml" \
  >"$dir/ready" 2>"$dir/variables" &
pids+=($!)
for _ in $(seq 100); do [ -s "$dir/ready" ] && break; sleep 0.1; done
[ -s "$dir/ready" ] || { cat "$dir/variables" >&2; echo "demo: the simulator did not start" >&2; exit 1; }
# shellcheck disable=SC1091
source "$dir/variables"
grep -v '^#' "$dir/config.yaml" | sed -n '/^domains:/,$p'

say "The configuration is checked"
"$bin/cognito-certd" check --config "$dir/config.yaml"

say "The daemon starts; from here on this is its own log"
: >"$dir/log"
"$bin/cognito-certd" run --config "$dir/config.yaml" 2>"$dir/log" &
daemon=$!
pids+=("$daemon")
# Long ARNs are cut for the width of a screen; the log itself has them whole.
tail -n +1 -f --pid "$daemon" "$dir/log" 2>/dev/null \
  | sed -u -E 's/ user_pool_id=[^ ]+//; s|arn:aws:acm:us-east-1:[0-9]+:certificate/([0-9a-f]{8})[-0-9a-f]+|…/\1|g' &
pids+=($!)
await 20 'event=config.loaded'
sleep 2

say "Someone requests new certificates for both domains: new ARNs, so that nothing renews by itself"
issue() {
  "$bin/cognito-certd-simulator" control "$AWS_ENDPOINT_URL" issue "{\"names\":[\"$1\"]}" >/dev/null
}
issue auth.example.com
issue login.example.org

await 20 'event=update.accepted.*domain=auth.example.com'
await 20 'event=update.refused.*domain=login.example.org'
sleep 0.5
say "Cognito took one and refuses the other; now the edges of auth.example.com turn, each in its own time"
await 60 'event=rollout.completed.*domain=auth.example.com'
sleep 0.5

say "Every edge serves the new certificate. This is what 'cognito-certd status' says"
status=0
"$bin/cognito-certd" status --config "$dir/config.yaml" || status=$?

say "It ended with $status: a person is needed for login.example.org, and the reason says for what"
[ "$status" = 3 ] || { echo "demo: expected status 3, one domain being refused" >&2; exit 1; }
kill -TERM "$daemon"
wait "$daemon"
