# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# Keys that neither a variable nor a file holds: from the instance, from roles, and from a program.

instance_role=arn:aws:iam::123456789012:role/instance
rotator_role=arn:aws:iam::123456789012:role/cert-rotator
external_id=sandboxExternalIdThatNobodyMaySee
# In seconds: a refresh comes about every five.
lifetime=10

# A drop-in in place of the one with LoadCredential=, from standard input.
restart_with_keys_from() {
  drop_in credentials
  inside systemctl restart "$unit"
}

# A new certificate reaches the edges, by a call that AWS saw from this principal.
expect_rotation() { # END-OF-PRINCIPAL
  local arn start principal
  start=$(last_call)
  arn=$(issue "$domain")
  await 30 has_completed "$domain" "$arn"
  principal=$(simulator calls "{\"since\":$start,\"operation\":\"UpdateUserPoolDomain\"}" \
    | jq -r '[.calls[].principal] | unique | join(" ")')
  [[ $principal == *:"$1" ]] || fail "the call came from $principal, not from $1"
}

# Since then the source of the keys was asked that often, and AWS refused nothing.
expect_refreshes() { # SINCE OPERATION NUMBER
  await 30 has_calls "$@"
  equal "the calls that were not answered well" \
    "$(simulator calls "{\"since\":$1}" | jq '[.calls[] | select(.status != 200)] | length')" 0
}

has_calls() { # SINCE OPERATION NUMBER
  [ "$(count_calls "$1" "$2")" -ge "$3" ]
}

check_instance() {
  local since start
  since=$(cursor)
  start=$(last_call)
  inside rm -f /etc/cognito-certd/aws-credentials "/etc/systemd/system/$unit.d/watchdog.conf"
  simulator set_role "{\"arn\":\"$instance_role\"}" >/dev/null
  simulator set_metadata "{\"role\":\"$instance_role\",\"lifetime\":$lifetime}" >/dev/null
  configure 1s "$domain"
  restart_with_keys_from <<TEXT
[Service]
Environment=AWS_EC2_METADATA_SERVICE_ENDPOINT=$endpoint
TEXT
  expect_rotation assumed-role/instance/i-0123456789abcdef0
  expect_refreshes "$start" GetMetadataCredentials 3
  ! has_event "$since" credentials.failed || fail "keys failed: $(events "$since" credentials.failed)"
  ! inside grep -qz '^AWS_ACCESS_KEY_ID=' "/proc/$(main_pid)/environ" || fail "a variable has keys"
  note "keys obtained $(count_calls "$start" GetMetadataCredentials) times"
}

# The old keys are used to their end, and only then is there something to say.
check_metadata_fails() {
  local since start first operation
  since=$(cursor)
  start=$(last_call)
  for operation in GetMetadata GetMetadataCredentials; do
    simulator fault \
      "{\"fault\":\"html_200\",\"operation\":\"$operation\",\"count\":100000}" >/dev/null
  done
  await 30 has_event "$since" credentials.failed '.PRIORITY == "3"
    and (.COGNITO_CERTD_ERROR | contains("metadata"))'
  first=$(simulator calls "{\"since\":$start}" \
    | jq '[.calls[] | select(.operation | startswith("GetMetadata")) | .sequence] | min')
  [ "$(count_calls "$first" ListCertificates)" -gt 0 ] || fail "the old keys were not used"
  simulator release >/dev/null
  expect_rotation assumed-role/instance/i-0123456789abcdef0
}

# Like a role of another account: it trusts the instance's role, and asks for an external id, which
# is in a file that only root may read.
check_role() {
  local start
  simulator set_role "{\"arn\":\"$rotator_role\",\"trusted\":[\"$instance_role\"],
    \"external_id\":\"$external_id\",\"session_lifetime\":$lifetime}" >/dev/null
  put /etc/cognito-certd/environment 600 <<<"EXTERNAL_ID=$external_id"
  access="{\"role_arn\":\"$rotator_role\",\"external_id\":\"\${EXTERNAL_ID}\"}"
  configure 1s "$domain"
  start=$(last_call)
  restart_with_keys_from <<TEXT
[Service]
Environment=AWS_EC2_METADATA_SERVICE_ENDPOINT=$endpoint
EnvironmentFile=/etc/cognito-certd/environment
TEXT
  expect_rotation assumed-role/cert-rotator/cognito-certd
  expect_refreshes "$start" AssumeRole 2
  equal "whether the external id was sent" \
    "$(simulator calls "{\"since\":$start,\"operation\":\"AssumeRole\"}" \
      | jq -c '[.calls[].external_id_sent] | unique')" "[true]"
}

# The fixed addresses of instances and containers, at which the simulator cannot listen itself.
open_platform_addresses() {
  local address addresses=(169.254.169.254 169.254.170.2 169.254.170.23)
  if inside test -e /proc/net/if_inet6; then addresses+=(fd00:ec2::254 fd00:ec2::23); fi
  {
    printf '[Socket]\nFreeBind=yes\n'
    for address in "${addresses[@]}"; do
      inside ip address add "$address" dev lo
      if [[ $address == *:* ]]; then address="[$address]"; fi
      printf 'ListenStream=%s:80\n' "$address"
    done
  } | put /etc/systemd/system/platform.socket
  put /etc/systemd/system/platform.service <<TEXT
[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd ${endpoint#http://}
TEXT
  inside systemctl daemon-reload
  inside systemctl start platform.socket
}

check_platform_addresses() {
  local ways way start seen='' operation
  open_platform_addresses
  simulator set_container "{\"name\":\"web\",\"role\":\"$instance_role\"}" >/dev/null
  ways=(
    "GetMetadataCredentials AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv4"
    "GetContainerCredentials AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/web"
    "GetContainerCredentials AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v2/credentials/web"
  )
  if inside test -e /proc/net/if_inet6; then
    ways+=(
      "GetMetadataCredentials AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"
      "GetContainerCredentials AWS_CONTAINER_CREDENTIALS_FULL_URI=http://[fd00:ec2::23]/v2/credentials/web"
    )
  fi
  configure 1s "$domain"
  for way in "${ways[@]}"; do
    operation=${way%% *}
    start=$(last_call)
    restart_with_keys_from <<TEXT
[Service]
Environment=${way#* }
TEXT
    await 15 has_call "$start" "$operation"
    await 15 has_call "$start" ListCertificates
  done
  note "${#ways[@]} ways"
}

# With a child of its own, a file that systemd hands over, and a file in its own /tmp.
check_process() {
  local pid
  jq '{Version: 1, AccessKeyId: .access_key_id, SecretAccessKey: .secret_access_key,
    SessionToken: .session_token, Expiration: "@END@"}' "$work/simulator.json" \
    | put /etc/cognito-certd/process-keys 600
  put /usr/local/bin/print-keys 755 <<TEXT
#!/bin/sh
end=\$(date -u -d '+$lifetime seconds' +%Y-%m-%dT%H:%M:%SZ)
echo run >>/tmp/runs
sed "s/@END@/\$end/" "\$CREDENTIALS_DIRECTORY/process-keys" | cat
TEXT
  put /etc/cognito-certd/aws-config <<'TEXT'
[default]
credential_process = /usr/local/bin/print-keys "with an argument"
TEXT
  configure 1s "$domain"
  restart_with_keys_from <<'TEXT'
[Service]
Environment=AWS_CONFIG_FILE=/etc/cognito-certd/aws-config
LoadCredential=process-keys:/etc/cognito-certd/process-keys
TEXT
  pid=$(main_pid)
  expect_rotation user/cert-rotator
  await 30 has_run "$pid" 2
  equal "its process" "$(main_pid)" "$pid"
}

has_run() { # PID NUMBER
  [ "$(inside nsenter --target "$1" --mount wc -l /tmp/runs | cut -d ' ' -f 1)" -ge "$2" ]
}

# Of all that was handed out above.
check_handed_out() {
  collect_written "$work/written-later"
  {
    simulator secrets | jq -er '.secrets[]'
    jq -er '.access_key_id, .secret_access_key, .session_token' "$work/simulator.json"
  } >"$work/secrets"
  # Else the search itself would be blind.
  grep -qxF -- "$external_id" "$work/secrets" || fail "the external id is not looked for"
  local number
  number=$(wc -l <"$work/secrets")
  [ "$number" -gt 20 ] || fail "only $number secrets are looked for"
  ! grep -lraF -f "$work/secrets" "$work/written-later" || fail "it holds a secret"
  ! grep -lraF -- AWS4-HMAC "$work/written-later" || fail "it holds a signature"
  note "$number secrets"
}

check "without any key of its own it rotates with the instance's, and renews them in time" \
  check_instance
check "when the instance's metadata is a web page it uses the old keys, says so, and recovers" \
  check_metadata_fails
check "with the instance's keys it assumes a role that asks for an external id" check_role
check "the unit lets it reach the fixed addresses of instances and containers" \
  check_platform_addresses
check "the unit lets it run a credential_process, again and again" check_process
check "journal, environment, unit and state file hold none of the keys that were handed out" \
  check_handed_out
