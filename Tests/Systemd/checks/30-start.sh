# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# The start, with AWS keys that the service manager hands over; what the service then is.

check_start() {
  configure 10m "$domain"
  load_credentials
  local since=$EPOCHREALTIME
  inside systemctl start "$unit"
  note "ready after $(seconds_since "$since") s"
  equal "its state" "$(property ActiveState)/$(property SubState)" active/running
}

check_status_line() {
  await 10 shows "$domain" '.condition == "in_sync"'
  local line='Status: "1 domain: 1 in_sync'
  await 10 status_line_holds "$line"
  note "$(inside systemctl status --no-pager "$unit" | sed -n 's/^ *Status: //p')"
}

status_line_holds() {
  inside systemctl status --no-pager --lines=0 "$unit" | grep -F -- "$1"
}

# systemd takes these numbers for users that are there only while their service is.
check_dynamic_user() {
  local user
  user=$(service_user)
  if ((user < 61184 || user > 65519)); then fail "it runs as $user"; fi
  note "user $user"
}

# The owner of its directory in /proc is root, because it is not dumpable.
service_user() { inside awk '$1 == "Uid:" { print $2 }' "/proc/$(main_pid)/status"; }

# So the kernel writes no core dump, and shows its memory to no other process of the user.
check_not_dumpable() {
  equal "the owner of its memory" "$(inside stat -c %u "/proc/$(main_pid)/mem")" 0
  [ "$(service_user)" != 0 ] || fail "it runs as root"
}

# Its environment and its confinement, with a resolver that loads libraries and opens sockets.
check_names() {
  await 10 inside grep -qx "$aws_name 1" /srv/names
  await 10 inside grep -qx "$edge_name 1" /srv/names
  await 10 shows "$domain" '(.served | length) == 2 and all(.served[]; .matches)'
}

check_files() {
  local user path
  user=$(service_user)
  for path in "$state"{,-wal,-shm,.lock} /run/cognito-certd/heartbeat; do
    equal "the mode and owner of $path" "$(inside stat -Lc '%a %u' "$path")" "600 $user"
  done
  equal "the mode and owner of the state directory" \
    "$(inside stat -c '%a %u' "$(dirname "$state")")" "700 $user"
}

# Reading as root must not leave anything behind that the service then cannot write.
check_root_status() {
  inside cognito-certd status >"$work/status"
  contains "status" "$(cat "$work/status")" "is running (pid $(main_pid))"
  shows "$domain" '.condition == "in_sync"'
  check_files
}

# What the kernel says: a sandbox that ignored the unit would prove nothing.
check_confined() {
  local facts
  facts=$(inside cat "/proc/$(main_pid)/status")
  for fact in NoNewPrivs:1 Seccomp:2 CapEff:0000000000000000 CapBnd:0000000000000000; do
    equal "${fact%:*}" "$(awk -v name="${fact%:*}:" '$1 == name { print $2 }' <<<"$facts")" \
      "${fact#*:}"
  done
  inside nsenter --target "$(main_pid)" --mount test ! -w /usr || fail "it could write to /usr"
  inside nsenter --target "$(main_pid)" --mount test ! -w /etc || fail "it could write to /etc"
}

check_credentials() {
  local path user
  path=/run/credentials/$unit/aws-credentials
  user=$(service_user)
  equal "the mode and owner of the credential" "$(inside stat -c '%a %u' "$path")" "400 $user"
  await 10 has_call 0 ListCertificates
  equal "the calls that AWS did not accept" \
    "$(simulator calls | jq '[.calls[] | select(.status != 200)] | length')" 0
}

check "it starts to active" check_start
check "systemctl status shows how the domains stand" check_status_line
check "it runs as a dynamic user" check_dynamic_user
check "state file, WAL, lock and heartbeat are its own and closed to all others" check_files
check "root's cognito-certd status works and leaves everything as it is" check_root_status
check "the kernel holds it to no privilege, filtered calls, and a system that it cannot write to" \
  check_confined
check "its memory is closed to others, and nothing dumps it" check_not_dumpable
check "it finds AWS and the edges by their names, which it asks the name server for" check_names
check "AWS accepts the keys that LoadCredential= hands over" check_credentials
