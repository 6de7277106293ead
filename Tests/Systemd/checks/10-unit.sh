# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# The unit file, by systemd's own tools.

# Confinement that a drop-in adds or takes away is not meant here: the shipped file is judged.
check_verify() {
  local said
  said=$(inside systemd-analyze verify --man=no "/usr/lib/systemd/system/$unit" 2>&1)
  equal "what systemd-analyze verify says" "$said" ""
}

check_security() {
  local file=/usr/lib/systemd/system/$unit
  note "$(inside systemd-analyze security --offline=true --no-pager "$file" \
    | sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p')"
  inside systemd-analyze security --offline=true --threshold=12 --no-pager "$file" >/dev/null
}

check "systemd-analyze verify finds nothing to say about the unit" check_verify
check "systemd-analyze security finds 1.2 of 10 or better" check_security
