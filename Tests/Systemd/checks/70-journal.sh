# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# What stands in the journal by now, after all that happened.

# EVENT PRIORITY: the levels of the events that must have occurred.
priorities() {
  cat <<'TEXT'
daemon.started 5
config.loaded 6
config.rejected 3
replacement.found 5
update.submitted 5
update.accepted 5
rollout.completed 5
TEXT
}

all_events() {
  inside journalctl --sync
  inside journalctl --quiet --output=json --unit="$unit" \
    SYSLOG_IDENTIFIER=cognito-certd _TRANSPORT=journal
}

check_fields() {
  local event priority found
  all_events >"$work/events"
  while read -r event priority; do
    # What may not have been meant in a configuration, valid or not, is said as a warning.
    found=$(jq -r --arg event "$event" 'select(.COGNITO_CERTD_EVENT == $event)
      | select((.COGNITO_CERTD_ERROR // "") | contains(": warning: ") | not)
      | .PRIORITY' "$work/events" | sort -u)
    equal "the PRIORITY of $event" "$found" "$priority"
  done < <(priorities)
  found=$(jq -s '[.[] | select(.COGNITO_CERTD_EVENT == null or .MESSAGE_ID == null
    or (.MESSAGE | length) == 0)]' "$work/events")
  equal "the entries without an event, a MESSAGE_ID or a message" "$found" "[]"
  note "$(wc -l <"$work/events") entries"
}

check_domain_fields() {
  all_events >"$work/events"
  local found
  found=$(jq -c 'select(.COGNITO_CERTD_EVENT == "rollout.completed") | [
    .COGNITO_CERTD_DOMAIN, .COGNITO_CERTD_USER_POOL_ID, .COGNITO_CERTD_PROOF,
    (.COGNITO_CERTD_CERTIFICATE_ARN | startswith("arn:aws:acm:us-east-1:123456789012:")),
    (.COGNITO_CERTD_ROLLOUT | length > 0)]' "$work/events" | sort -u)
  equal "what rollout.completed says" "$found" \
    "[\"$domain\",\"eu-west-1_Ab12Cd34E\",\"edge\",true,true]"
}

# An update whose answer was lost with its process has no request id.
check_request_ids() {
  simulator calls '{"operation":"UpdateUserPoolDomain"}' | jq -r '.calls[].request_id' \
    | sort >"$work/known"
  all_events | jq -r 'select(.COGNITO_CERTD_EVENT == "update.accepted")
    | .COGNITO_CERTD_REQUEST_ID // empty' | sort >"$work/found"
  [ "$(wc -l <"$work/found")" -ge 2 ] || fail "update.accepted names no request ids"
  equal "the request ids that AWS never gave" "$(comm -23 "$work/found" "$work/known")" ""
}

# The ids of the catalog, which names the event in brackets after its subject.
check_message_ids() {
  local catalog=/usr/lib/systemd/catalog/cognito-certd.catalog
  all_events | jq -r '[.COGNITO_CERTD_EVENT, .MESSAGE_ID] | @tsv' | sort -u >"$work/found"
  [ -s "$work/found" ] || fail "there are no events"
  inside cat "$catalog" | awk '
    /^-- / { id = $2 }
    /^Subject: / { event = $NF; gsub(/[()]/, "", event); print event "\t" id }
  ' | sort -u >"$work/known"
  equal "the events that the catalog does not know by this id" \
    "$(comm -23 "$work/found" "$work/known")" ""
  note "$(wc -l <"$work/found") kinds of events"
}

check_catalog() {
  inside journalctl --update-catalog
  inside journalctl --quiet --no-pager --catalog --unit="$unit" \
    COGNITO_CERTD_EVENT=rollout.completed >"$work/explained"
  local part
  for part in "Subject: A rollout is complete (rollout.completed)" "Defined-By: cognito-certd" \
    "Meaning: " "Next: " "To do: "; do
    contains "journalctl -x" "$(cat "$work/explained")" "$part"
  done
}

# AWS4-HMAC begins every signature.
check_secrets() {
  local secret
  collect_written "$work/written"
  inside cat /etc/cognito-certd/aws-credentials >"$work/keys"
  for secret in .access_key_id .secret_access_key .session_token; do
    secret=$(jq -er "$secret" "$work/simulator.json")
    # Else the search itself would be blind.
    grep -qaF -- "$secret" "$work/keys" || fail "the key in use is not looked for"
    ! grep -lraF -- "$secret" "$work/written" || fail "it holds $secret"
  done
  ! grep -lraF -- AWS4-HMAC "$work/written" || fail "it holds a signature"
}

check "every entry has its event, its MESSAGE_ID and the right PRIORITY" check_fields
check "an event of a domain names domain, pool, certificate, rollout and proof" check_domain_fields
check "an accepted update names the request id that AWS gave" check_request_ids
check "every MESSAGE_ID is that of the catalog" check_message_ids
check "journalctl -x explains: what it means, what comes next, what to do" check_catalog
check "journal, environment, unit and state file hold no key, token or signature" check_secrets
