# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# Rollouts inside the confined unit: whole, and killed on the way.

expect_calls() { # SINCE NUMBER
  equal "the number of UpdateUserPoolDomain calls" \
    "$(count_calls "$1" UpdateUserPoolDomain)" "$2"
}

# It notices by itself, so that it polls often here.
check_rotation() {
  local arn start served
  configure 1s "$domain" "$other_domain"
  inside systemctl reload "$unit"
  start=$(last_call)
  arn=$(issue "$domain")
  await 30 has_completed "$domain" "$arn"
  expect_calls "$start" 1
  shows "$domain" '(.served | length) == 2 and all(.served[]; .matches)'
  served=$(simulator edges "{\"domain\":\"$domain\"}" | jq -c '[.edges[].certificate_arn]|unique')
  equal "what the edges serve" "$served" "[\"$arn\"]"
  # From here on it does only what it is asked to.
  configure 10m "$domain" "$other_domain"
  inside systemctl reload "$unit"
}

# The line of the README, as root, with the variable of a drop-in: the keys of the service's own file,
# and what only root may read of the confined service. The domains have no DNS here, and one of them
# a certificate that ends soon.
check_doctor() {
  local report status=0
  report=$(inside env AWS_SHARED_CREDENTIALS_FILE=/etc/cognito-certd/aws-credentials \
    AWS_ENDPOINT_URL="$named_endpoint" cognito-certd doctor --json) || status=$?
  equal "the checks that are not ok" \
    "$(jq -c '[.checks[]
      | select(.result != "ok" and .check != "dns" and .check != "parent_dns")
      | select(.check != "edge" or .result != "warning")
      | [.check, .object, .detail]]' <<<"$report")" '[]'
  equal "the exit status" "$status" 0
}

# While the edges turn.
check_killed_propagating() {
  local arn start pid since
  start=$(last_call)
  since=$(cursor)
  pid=$(main_pid)
  arn=$(issue "$domain")
  signal USR1
  await 10 shows "$domain" '.condition == "propagating"'
  signal KILL
  await 10 has_restarted "$pid"
  await 30 has_completed "$domain" "$arn"
  expect_calls "$start" 1
  await 5 has_event "$since" daemon.started
}

# Between the call and its answer, which never comes: what became of it must be looked up.
check_killed_submitting() {
  local arn start pid
  start=$(last_call)
  pid=$(main_pid)
  fault hangs UpdateUserPoolDomain
  arn=$(issue "$domain")
  signal USR1
  await 10 has_call "$start" UpdateUserPoolDomain
  shows "$domain" '.rollout.phase == "submitting"'
  signal KILL
  await 10 has_restarted "$pid"
  await 30 has_completed "$domain" "$arn"
  expect_calls "$start" 1
}

# The call never reached AWS, so it must be made again.
check_killed_unheard() {
  local arn start pid
  start=$(last_call)
  pid=$(main_pid)
  fault request_lost UpdateUserPoolDomain
  arn=$(issue "$domain")
  signal USR1
  await 10 has_call "$start" UpdateUserPoolDomain
  signal KILL
  await 10 has_restarted "$pid"
  await 30 has_completed "$domain" "$arn"
  simulator calls "{\"since\":$start,\"operation\":\"UpdateUserPoolDomain\"}" >"$work/calls"
  equal "the number of updates that AWS made" \
    "$(jq '[.calls[] | select(.had_effect)] | length' "$work/calls")" 1
}

check "a new certificate is noticed, attached by one call, and proven on every edge" check_rotation
check "doctor finds nothing wrong with the service's own keys" check_doctor
check "killed while the edges turn, it is restarted and completes without another call" \
  check_killed_propagating
check "killed before its call is answered, it is restarted and completes without another call" \
  check_killed_submitting
check "killed after its call was lost, it is restarted, calls again and completes" \
  check_killed_unheard
