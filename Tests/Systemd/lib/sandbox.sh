# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# A systemd as PID 1 of namespaces of its own: mounts, processes, control groups, network, host
# name. Its root is an overlay of this machine's root, or of another, whose upper layer is memory.

sandbox=$(dirname "${BASH_SOURCE[0]}")/..
systemd=/lib/systemd/systemd
lower_root=/
# unshare(1), whose end is the end of the sandbox, and its child, systemd; as seen from here.
keeper=
init=
cgroup=

# Of what the sandbox is made, tried out beforehand: what this machine does not allow is a reason
# to skip, and what fails later is a failure.
require_namespaces() {
  local hierarchy
  hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  if [ -z "$hierarchy" ]; then skip "control groups of version 2 are not mounted"; fi
  cgroup=$hierarchy/cognito-certd-test.$$
  mkdir "$cgroup" 2>"$work/refused" || {
    cgroup=
    skip "no control group of our own: $(tail -n 1 "$work/refused")"
  }
  mkdir "$work/root"
  # shellcheck disable=SC2016 # for the inner shell
  (enter_namespaces sh -euc '
    mount -t tmpfs probe "$1"
    cd "$1"
    mkdir upper work merged
    mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay merged
    mount -t proc proc merged/proc
    mount -t sysfs sysfs merged/sys
    mount -t cgroup2 cgroup2 merged/sys/fs/cgroup
  ' - "$work/root") 2>"$work/refused" \
    || skip "no namespaces of our own: $(tail -n 1 "$work/refused")"
}

# Becomes the command, so call it in a subshell. Joins our control group first, which so becomes
# the root of the namespace. All of it ends with the shell that called, however that ends.
enter_namespaces() { # COMMAND...
  echo "$BASHPID" >"$cgroup/cgroup.procs" || exit
  exec setsid setpriv --pdeathsig KILL \
    unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child=KILL \
    --propagation private -- "$@"
}

# What boots: sockets, journal and temporary files, and nothing that this machine enables.
stage_boot() { # ROOT
  local units=$1/etc/systemd/system unit
  install -D -m 644 "$sandbox/files/sandbox.target" "$units/sandbox.target"
  while read -r unit; do
    ln -s /dev/null "$units/$unit"
  done < <(grep -v '^#' "$sandbox/files/masked-units")
  install -D -m 644 "$sandbox/files/journald.conf" "$1/etc/systemd/journald.conf.d/sandbox.conf"
}

boot() {
  enter_namespaces bash "$sandbox/lib/sandbox-init" "$work" "$lower_root" \
    "$systemd" --system --unit=sandbox.target --show-status=no >"$work/boot.log" 2>&1 &
  keeper=$!
  local since=$EPOCHREALTIME
  within 10 has_booted || {
    cat "$work/boot.log"
    printf 'systemd did not come up in the sandbox\n'
    exit 1
  }
  # "degraded" would do: what fails to start there is not ours.
  inside systemctl is-system-running --wait >"$work/boot.log" || true
  printf '# systemd %s is up after %s s: %s\n' \
    "$("$systemd" --version | awk 'NR == 1 { print $2 }')" "$(seconds_since "$since")" \
    "$(cat "$work/boot.log")"
}

has_booted() {
  [ -s "$work/init.pid" ] || return 1
  init=$(cat "$work/init.pid")
  [ -S "/proc/$init/root/run/systemd/private" ] && [ -S "/proc/$init/root/run/systemd/notify" ]
}

# The same as `await`, outside of a check.
within() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.05
  done
}

# Runs a command in the sandbox, as root and for 30 seconds at most.
inside() { # COMMAND...
  timeout --foreground 30 nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup \
    --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
    SYSTEMD_PAGER= SYSTEMD_COLORS=0 "$@"
}

# Writes standard input to a file of the sandbox.
put() { # PATH [MODE]
  inside install -D -m "${2:-644}" /dev/stdin "$1"
}

# The kernel ends whatever is in the sandbox together with its PID 1, and unmounts everything.
stop_sandbox() {
  if [ -n "$keeper" ]; then
    # By way of its parent when it is not known yet, and only while it is its child.
    if ! is_child "$init"; then kill -KILL "$keeper" 2>/dev/null || true; fi
    if is_child "$init"; then kill -KILL "$init"; fi
    wait "$keeper" 2>/dev/null || true
    keeper=
  fi
  if [ -n "$cgroup" ] && [ -d "$cgroup" ]; then
    within 10 remove_cgroup || printf 'cannot remove %s\n' "$cgroup" >&2
  fi
}

is_child() { # PID
  [ -n "$1" ] && [ "$(awk '/^PPid:/ { print $2 }' "/proc/$1/status" 2>/dev/null)" = "$keeper" ]
}

remove_cgroup() { find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null; }

check_nothing_left() {
  [ ! -e "/proc/$init" ] || fail "process $init is still there"
  [ ! -e "$cgroup" ] || fail "$cgroup is still there"
  ! grep -qs -- "$work" /proc/[0-9]*/mounts || fail "something is still mounted"
}
