# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# A loop that is stuck.

set_watchdog() {
  drop_in watchdog <<'TEXT'
[Service]
WatchdogSec=2s
TEXT
  inside systemctl restart "$unit"
}

# Otherwise the next check would say nothing.
check_idle() {
  local pid
  set_watchdog
  pid=$(main_pid)
  sleep 4.5
  equal "its process" "$(main_pid)" "$pid"
  equal "the number of restarts" "$(property NRestarts)" 0
}

check_stuck() {
  local pid since
  pid=$(main_pid)
  since=$(cursor)
  signal STOP
  await 15 has_restarted "$pid"
  equal "the number of restarts" "$(property NRestarts)" 1
  inside journalctl --quiet --after-cursor="$since" --unit="$unit" >"$work/journal"
  grep -q 'Watchdog timeout (limit 2s)!' "$work/journal" || {
    cat "$work/journal"
    fail "the journal does not name the watchdog"
  }
  await 10 shows "$domain" '.condition == "in_sync"'
}

check "while it only waits the watchdog is content" check_idle
check "stuck, it is ended by the watchdog and started again" check_stuck
