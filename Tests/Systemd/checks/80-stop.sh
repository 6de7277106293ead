# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# The end.

# By the journal: systemd forgets how a unit ended as soon as nothing holds it.
expect_clean_stop() {
  local before since took
  before=$(cursor)
  since=$EPOCHREALTIME
  inside systemctl stop "$unit"
  took=$(seconds_since "$since")
  note "after $took s"
  [ "${took%.*}" -lt 10 ] || fail "it took $took s"
  equal "its state" "$(property ActiveState)" inactive
  inside journalctl --sync
  inside journalctl --quiet --output=cat --after-cursor="$before" >"$work/journal"
  contains "the journal" "$(cat "$work/journal")" "$unit: Deactivated successfully."
  ! grep -F "$unit: Failed" "$work/journal" || fail "it failed"
  has_event "$before" daemon.stopping || fail "it does not say that it stops"
}

# AWS never answers: the worst that a stop can meet.
check_stop_in_call() {
  local since
  since=$(last_call)
  fault hangs ListCertificates
  signal USR1
  await 10 has_call "$since" ListCertificates
  expect_clean_stop
}

check_stop() {
  inside systemctl start "$unit"
  await 10 shows "$domain" '.condition == "in_sync"'
  expect_clean_stop
}

check_stopped_status() {
  local status=0
  inside cognito-certd status >"$work/status" || status=$?
  equal "the exit status of cognito-certd status" "$status" 3
  contains "status" "$(cat "$work/status")" "is not running"
  equal "what is in the runtime directory" \
    "$(inside sh -c 'ls -A /run/cognito-certd 2>/dev/null || true')" ""
}

# With the status of a damaged file systemd gives up at once.
check_damaged_state() {
  local since
  since=$(cursor)
  inside cp "$state" /srv/state.sqlite
  inside sh -c 'yes "this is no database" | head -c 20000 >"$1"' - "$state"
  ! inside systemctl start "$unit" || fail "it started"
  equal "its exit status" "$(property ExecMainStatus)" 65
  equal "its state" "$(property ActiveState)/$(property SubState)" failed/failed
  contains "state.failed" "$(events "$since" state.failed)" "is damaged"
  # Twice the time after which it would be restarted, and some more.
  sleep 2.5
  equal "its state" "$(property ActiveState)/$(property SubState)" failed/failed
  equal "the number of restarts" "$(property NRestarts)" 0
  inside sh -c 'cat /srv/state.sqlite >"$1"' - "$state"
}

# Another daemon as root. When it ends, the service gets the file.
check_state_in_use() {
  inside systemd-run --quiet --unit=other cognito-certd run
  await 10 inside grep -qx "pid=$(inside systemctl show --value --property MainPID other)" \
    "$state.lock"
  ! inside systemctl start "$unit" || fail "it started"
  equal "its exit status" "$(property ExecMainStatus)" 75
  [ "$(property ActiveState)" != failed ] || fail "it is not started again"
  inside systemctl stop other
  await 10 has_property ActiveState active
  expect_clean_stop
}

check "with a call under way that AWS never answers it stops within 10 s, cleanly" \
  check_stop_in_call
check "idle it stops at once, cleanly" check_stop
check "with a damaged state file it ends with 65 and is not restarted" check_damaged_state
check "while another process has the state file it ends with 75, and is started again" \
  check_state_in_use
check "cognito-certd status then says that it is not running, and ends with 3" check_stopped_status
