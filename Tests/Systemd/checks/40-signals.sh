# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# Reload and poll, while it runs.

# A reload, a signal: the same process goes on.
expect_same_process() { # PID
  equal "its state" "$(property ActiveState)/$(property SubState)" active/running
  equal "its process" "$(main_pid)" "$1"
}

check_reload() {
  local pid since
  pid=$(main_pid)
  since=$(cursor)
  configure 10m "$domain" "$other_domain"
  inside systemctl reload "$unit"
  await 10 shows "$other_domain" '.condition == "in_sync"'
  await 5 has_event "$since" config.loaded '.COGNITO_CERTD_DOMAINS == "2"'
  await 5 has_property ActiveState active
  expect_same_process "$pid"
}

check_bad_reload() {
  local pid since
  pid=$(main_pid)
  since=$(cursor)
  inside sed -i 's/poll_interval/pol_interval/' "$config"
  inside systemctl reload "$unit"
  await 5 has_event "$since" config.rejected
  await 5 has_property ActiveState active
  expect_same_process "$pid"
  contains "config.rejected" "$(events "$since" config.rejected)" \
    "$config:1:1"
  # The configuration of before is in force, with both of its domains.
  since=$(last_call)
  signal USR1
  await 10 has_call "$since" ListCertificates
  await 10 shows "$other_domain" '.condition == "in_sync"'
}

check_poll() {
  local since
  since=$(last_call)
  sleep 1
  equal "the calls made without being asked" "$(count_calls "$since" ListCertificates)" 0
  signal USR1
  await 10 has_call "$since" ListCertificates
}

check "a reload brings a new domain into force" check_reload
check "a reload of a wrong configuration keeps the old one and says so" check_bad_reload
check "SIGUSR1 makes it poll" check_poll
