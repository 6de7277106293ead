# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # part of Tests/Debian/run
# The same system with a systemd: the life of a service.

newer=$version+newer

# The same files under a higher version.
make_newer() {
  dpkg-deb --raw-extract "$DEB" "$work/newer"
  sed -i "s/^Version: .*/Version: $newer/" "$work/newer/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$work/newer" "$work/bare/srv/newer.deb" >/dev/null
}

# Everything but the package itself: there is no network in the sandbox.
prepare_system() {
  bare_apt install systemd /srv/package.deb
  bare_apt purge cognito-certd
  rm "$work/bare/usr/sbin/policy-rc.d"
  make_newer
  local stage=$work/stage
  install -D -m 755 .build-release/release/cognito-certd-simulator \
    "$stage/usr/bin/cognito-certd-simulator"
  install -D -m 644 "$sandbox/files/simulator.service" \
    "$stage/etc/systemd/system/simulator.service"
  install -D -m 644 "$sandbox/files/scenario.json" "$stage/srv/scenario.json"
  stage_boot "$stage"
}

package() { # STATE VERSION
  equal "the package" "$(inside dpkg-query --show \
    --showformat '${db:Status-Status} ${Version}' cognito-certd)" "$1 $2"
}

check_fresh() {
  inside dpkg --install /srv/package.deb
  package installed "$version"
  equal "is-enabled" "$(inside systemctl is-enabled "$unit" || true)" disabled
  equal "its state" "$(property ActiveState)/$(property SubState)" inactive/dead
}

check_unit() {
  local said
  said=$(inside systemd-analyze verify --man=no "$(property FragmentPath)" 2>&1)
  equal "what systemd-analyze verify says" "$said" ""
}

# Without anyone having run journalctl --update-catalog.
check_catalog() {
  local count
  count=$(inside journalctl --list-catalog | grep -c ' cognito-certd: ')
  equal "the entries of the catalog" "$count" "$(grep -c '^-- ' systemd/cognito-certd.catalog)"
  note "$count entries"
}

check_start_unconfigured() {
  local since
  since=$(cursor)
  ! inside systemctl start "$unit" || fail "it started"
  equal "its exit status" "$(property ExecMainStatus)" 78
  equal "the number of restarts" "$(property NRestarts)" 0
  contains "config.rejected" "$(events "$since" config.rejected)" "add an entry with domain and user_pool_id"
  inside systemctl reset-failed "$unit"
}

# An edge stays behind, so that the rollout is under way until it is let go.
check_upgrade() {
  local arn pid start before after
  drop_in sandbox <<TEXT
[Service]
Environment=AWS_ENDPOINT_URL=$endpoint
TEXT
  configure 1s "$domain"
  load_credentials
  inside systemctl enable --now "$unit"
  await 10 shows "$domain" '.condition == "in_sync"'
  simulator set "{\"domain\":\"$domain\",\"edge_delays\":[1,null]}" >/dev/null
  start=$(last_call)
  arn=$(issue "$domain")
  await 20 shows "$domain" '.condition == "propagating" and any(.served[]; .matches)'
  before=$(standing)
  pid=$(main_pid)
  inside dpkg --install /srv/newer.deb
  package installed "$newer"
  has_restarted "$pid" || fail "the service was not restarted"
  after=$(standing)
  equal "the rollout" "$after" "$before"
  simulator release "{\"domain\":\"$domain\"}" >/dev/null
  await 30 has_completed "$domain" "$arn"
  equal "the calls of UpdateUserPoolDomain" "$(count_calls "$start" UpdateUserPoolDomain)" 1
  equal "the rollout" "$(status_json "$domain" | jq -r '.domains[0].rollout.id')" "${before%% *}"
}

# What must survive: which rollout it is, since when, and how often Cognito was called.
standing() {
  status_json "$domain" | jq -r '.domains[0] | [.rollout.id, .condition,
    .rollout.certificate_arn, .rollout.started_at, .rollout.submitted_at, .rollout.deadline,
    .rollout.attempts] | join(" ")'
}

check_stays_stopped() {
  inside systemctl disable --now "$unit"
  inside dpkg --install /srv/package.deb
  package installed "$version"
  equal "its state" "$(property ActiveState)" inactive
  inside dpkg --install /srv/newer.deb
  inside systemctl enable --now "$unit"
}

check_remove() {
  local before
  before=$(standing)
  inside dpkg --remove cognito-certd
  package config-files "$newer"
  equal "its state" "$(property ActiveState)" inactive
  inside test -s /etc/cognito-certd/config.yaml
  inside test -s "$state"
  inside dpkg --install /srv/package.deb
  inside systemctl start "$unit"
  await 10 shows "$domain" '.condition == "in_sync"'
  equal "the rollout" "$(standing)" "$before"
}

check_purge() {
  inside rm /etc/cognito-certd/ca.pem /etc/cognito-certd/aws-credentials
  inside rm -r "/etc/systemd/system/$unit.d"
  inside dpkg --purge cognito-certd
  # Everything on its disk, whether or not a process has it mounted.
  equal "what is left of it" "$(inside find / -xdev -name '*cognito-certd*' \
    ! -path '/srv/*' ! -path '/usr/bin/cognito-certd-simulator' ! -path '/var/log/*' \
    ! -path '/var/lib/dpkg/*' -print)" ""
  equal "its state" "$(property LoadState)" not-found
}

lower_root=$work/bare
check "it installs together with systemd" prepare_system
boot
start_simulator
check "under systemd it installs, and is neither enabled nor started" check_fresh
check "systemd finds nothing to say about its unit there" check_unit
check "journalctl knows its catalog at once" check_catalog
check "started without a domain it ends with 78, says what to add, and stays so" \
  check_start_unconfigured
check "an upgrade in the middle of a rollout restarts it, and the rollout goes on" check_upgrade
check "an upgrade does not start what was stopped and disabled" check_stays_stopped
check "removed, it is stopped, and configuration and state wait for its return" check_remove
check "purged, nothing of it is left" check_purge
