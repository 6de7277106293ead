# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # part of Tests/Debian/run
# A bare Debian 12, and commands in it without a systemd.

suite=bookworm
cache=$PWD/.build-deb

# As this machine is configured.
mirror() {
  local found
  found=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
    | sed -n "s/ $suite\$//p" | head -n 1)
  printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

# A copy of the kept one, which is made the first time. One that was interrupted does not count.
make_bare_root() { # PATH
  local kept=$cache/root-$suite
  if [ ! -e "$kept.complete" ]; then
    printf '# making a bare system of %s from %s\n' "$suite" "$(mirror)"
    rm -rf "$kept"
    mkdir -p "$cache"
    debootstrap --variant=minbase "$suite" "$kept" "$(mirror)" >"$work/debootstrap.log" 2>&1 \
      || skip "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
    rm -f "$kept"/var/cache/apt/archives/*.deb
    : >"$kept.complete"
  fi
  cp -a "$kept" "$1"
  mkdir -p "$cache"/apt/{lists,archives}/partial
  # The way to the mirror, where it leads over a proxy.
  local file
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if grep -qs -i 'acquire::.*proxy' "$file"; then cp "$file" "$1/etc/apt/apt.conf.d/"; fi
  done
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  # No service is started by a package in a root without a systemd.
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
}

# Runs a command in the bare root, with this machine's network and a /proc and /dev of its own,
# whose end is that of everything it started and mounted.
bare() { # COMMAND...
  setpriv --pdeathsig KILL \
    unshare --mount --pid --uts --ipc --fork --kill-child=KILL --propagation private -- \
    bash "$here/lib/enter-root" "$work/bare" "$cache/apt" "$@"
}

bare_apt() { # ARGUMENT...
  bare env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes \
    --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
}

# Fetches the newest lists, or does with those of the last time.
bare_update() {
  bare_apt update || printf '# apt-get update failed; trying with what is there\n'
}
