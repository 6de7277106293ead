# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# What is not configured, or wrongly, is not started again and again.

# Over what the unit says: nobody waits for ten seconds here. And where AWS is.
drop_in sandbox <<TEXT
[Service]
RestartSec=1s
Environment=AWS_ENDPOINT_URL=$named_endpoint
TEXT

# systemd gives up at once, with the status of a wrong configuration, and stays there.
expect_refusal() { # PART-OF-THE-ERROR
  local since
  since=$(cursor)
  ! inside systemctl start "$unit" || fail "it started"
  equal "its exit status" "$(property ExecMainStatus)" 78
  equal "its state" "$(property ActiveState)/$(property SubState)" failed/failed
  contains "config.rejected" "$(events "$since" config.rejected)" "$1"
}

expect_no_restart() {
  # Twice the time after which it would be restarted, and some more.
  sleep 2.5
  equal "its state" "$(property ActiveState)/$(property SubState)" failed/failed
  equal "the number of restarts" "$(property NRestarts)" 0
}

check_unconfigured() {
  inside cmp "$config" /usr/share/doc/cognito-certd/examples/config.yaml
  expect_refusal "add an entry with domain and user_pool_id"
  expect_no_restart
}

check_absent() {
  inside mv "$config" "$config.away"
  expect_refusal "$config"
  inside mv "$config.away" "$config"
}

check_wrong() {
  put "$config" <<'TEXT'
poll_intervall: 5m
domains:
  - domain: auth.example.com
TEXT
  expect_refusal "$config:1:1: error: poll_intervall: unknown key; did you mean"
  equal "the exit status of check" \
    "$(inside cognito-certd check >/dev/null 2>&1 || echo $?)" 78
  expect_no_restart
}

check "as installed, without domains, it ends with 78 and is not restarted" check_unconfigured
check "without a configuration file it ends with 78" check_absent
check "with a wrong configuration it ends with 78 and is not restarted" check_wrong
