# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# The service, its configuration, its journal, and the simulated AWS beside it.

unit=cognito-certd.service
state=/var/lib/private/cognito-certd/state.sqlite
config=/etc/cognito-certd/config.yaml
domain=auth.example.com
other_domain=login.example.org
access='{}'

# MARK: the simulator

# The names by which the service reaches AWS and the edges.
aws_name=aws.sandbox.test
edge_name=edge.sandbox.test

start_simulator() {
  inside systemctl start name-server.service
  inside systemctl start simulator.service
  within 10 inside test -s /srv/ready.json || {
    inside systemctl status --no-pager simulator.service
    exit 1
  }
  inside cat /srv/ready.json >"$work/simulator.json"
  endpoint=$(jq -r .endpoint "$work/simulator.json")
  named_endpoint=${endpoint/127.0.0.1/$aws_name}
  inside install -D -m 644 /srv/root.pem /etc/cognito-certd/ca.pem
}

simulator() { # COMMAND [ARGUMENTS]
  inside cognito-certd-simulator control "$endpoint" "$@"
}

# The number of the last call so far.
last_call() { simulator calls | jq '[.calls[].sequence] | max // 0'; }

count_calls() { # SINCE OPERATION
  simulator calls "{\"since\":$1,\"operation\":\"$2\"}" | jq '.calls | length'
}

has_call() { # SINCE OPERATION
  [ "$(count_calls "$@")" -gt 0 ]
}

# A new certificate under a new ARN, which it prints.
issue() { # DOMAIN
  simulator issue "{\"names\":[\"$1\"]}" | jq -er .arn
}

fault() { # FAULT OPERATION
  simulator fault "{\"fault\":\"$1\",\"operation\":\"$2\",\"count\":1}" >/dev/null
}

# MARK: the configuration

# The edges have a name, and ports that the system picked. $access is what every mapping has besides.
configure() { # POLL-INTERVAL DOMAIN...
  jq -r --arg interval "$1" --arg edge "$edge_name" --argjson access "$access" '
    "poll_interval: \($interval)",
    "retry: {initial: 1s, maximum: 2s}",
    "propagation: {window: 40s, check_interval: 1s, max_check_interval: 2s}",
    "domains:",
    (.domains[] | select(.domain | IN($ARGS.positional[])) | "- " + ({
      domain, user_pool_id, certificate: {any: true},
      ca_file: "/etc/cognito-certd/ca.pem", probe: {connect_to: [.edges[] | sub("^[^:]*"; $edge)]}
    } + $access | tojson))
  ' --args "${@:2}" <"$work/simulator.json" | put "$config"
}

drop_in() { # NAME, its text on standard input
  put "/etc/systemd/system/$unit.d/$1.conf"
  inside systemctl daemon-reload
}

# The shipped example, as its own text says to use it.
load_credentials() {
  jq -r '"[default]", "aws_access_key_id = \(.access_key_id)",
    "aws_secret_access_key = \(.secret_access_key)", "aws_session_token = \(.session_token)"' \
    "$work/simulator.json" | put /etc/cognito-certd/aws-credentials 600
  inside install -D -m 644 -t "/etc/systemd/system/$unit.d" \
    /usr/share/doc/cognito-certd/examples/credentials.conf
  inside systemctl daemon-reload
}

# MARK: the service

property() { inside systemctl show --value --property "$1" "$unit"; }

has_property() { # NAME VALUE
  [ "$(property "$1")" = "$2" ]
}

main_pid() { property MainPID; }

# Another process than before, and ready; asked at once, since it may end between two questions.
has_restarted() { # FORMER-PID
  inside systemctl show --property ActiveState --property MainPID "$unit" >"$work/standing"
  grep -qx ActiveState=active "$work/standing" && ! grep -qx "MainPID=$1" "$work/standing"
}

signal() { # SIGNAL
  inside systemctl kill --kill-who=main --signal="$1" "$unit"
}

status_json() { # [DOMAIN]
  local status=0
  inside cognito-certd status --json "$@" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ]
}

# Whether a jq expression holds of the domain.
shows() { # DOMAIN EXPRESSION [JQ-OPTION...]
  status_json "$1" | jq -e "${@:3}" ".domains[] | $2" >/dev/null
}

has_completed() { # DOMAIN ARN
  # shellcheck disable=SC2016 # for jq
  shows "$1" '.condition == "in_sync" and .attached_certificate_arn == $arn
    and .rollout.certificate_arn == $arn and .rollout.phase == "completed"
    and .rollout.proof == "edge"' --arg arn "$2"
}

# Everything that is written about the service, and by it, as files of a new directory.
collect_written() { # DIRECTORY
  local pid file
  pid=$(main_pid)
  mkdir "$1"
  inside journalctl --sync
  inside journalctl --quiet --output=export >"$1/journal"
  inside cat "/proc/$pid/environ" "/proc/$pid/cmdline" >"$1/process"
  inside systemctl show "$unit" >"$1/unit"
  inside systemctl status --no-pager "$unit" >"$1/status-line"
  inside cat "$state" "$state-wal" "$state.lock" >"$1/state"
  inside cat /run/cognito-certd/heartbeat >"$1/heartbeat"
  status_json >"$1/status"
  for file in "$1"/*; do
    [ -s "$file" ] || fail "$file is empty, so that nothing would be looked for"
  done
}

# MARK: the journal

# Where the journal ends now.
cursor() {
  inside journalctl --sync
  inside journalctl --quiet --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'
}

# The events of one kind, a JSON object a line. Chosen by jq: journalctl skips the first match
# after a cursor that does not match itself.
events() { # CURSOR EVENT
  inside journalctl --sync
  inside journalctl --quiet --output=json --after-cursor="$1" | jq -c --arg event "$2" \
    'select(.SYSLOG_IDENTIFIER == "cognito-certd" and .COGNITO_CERTD_EVENT == $event)'
}

has_event() { # CURSOR EVENT [CONDITION]
  events "$1" "$2" | jq -es "any(.[]; ${3:-true})" >/dev/null
}

# What the service said last, when a check failed.
show_journal() {
  if [ -z "$keeper" ]; then return; fi
  printf '#   the last lines of its journal:\n'
  inside journalctl --quiet --no-pager --lines=12 --output=short-monotonic \
    --unit="$unit" | sed 's/^/#     /' || true
}
