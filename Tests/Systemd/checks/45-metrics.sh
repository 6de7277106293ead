# shellcheck shell=bash disable=SC2034,SC2154 # part of Tests/Systemd/run
# The metrics in the sandbox of the unit: served as it is, written with the example drop-in.

textfile=/var/lib/node_exporter/cognito_certd.prom

scrape() { # ADDRESS PATH
  # shellcheck disable=SC2016 # for the shell inside
  inside timeout 10 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}"
    printf "GET $2 HTTP/1.0\r\n\r\n" >&3; cat <&3' bash "$@"
}

has_textfile() {
  inside grep -qs "cognito_certd_domain_condition{domain=\"$domain\",condition=\"in_sync\"} 1" \
    "$textfile"
}

check_served() {
  local since address
  since=$(cursor)
  configure 10m "$domain" "$other_domain"
  inside tee -a "$config" >/dev/null <<<'metrics: {listen: "127.0.0.1:0"}'
  inside systemctl reload "$unit"
  await 10 has_event "$since" metrics.listening
  address=$(events "$since" metrics.listening | jq -r .COGNITO_CERTD_ADDRESS | tail -n 1)
  contains "/healthz" "$(scrape "$address" /healthz)" "200 OK"
  contains "/metrics" "$(scrape "$address" /metrics)" \
    "cognito_certd_domain_condition{domain=\"$domain\",condition=\"in_sync\"} 1"
}

check_refused_file() {
  local since
  since=$(cursor)
  configure 10m "$domain" "$other_domain"
  inside install -d -m 777 "${textfile%/*}"
  inside tee -a "$config" >/dev/null <<<"metrics: {textfile: $textfile}"
  inside systemctl reload "$unit"
  await 10 has_event "$since" metrics.failed '.PRIORITY == "3"
    and (.COGNITO_CERTD_ERROR | contains("ReadWritePaths="))'
}

# As the text of the example says.
check_file() {
  inside groupadd --system cognito-certd-metrics
  inside install -d -m 2775 -g cognito-certd-metrics "${textfile%/*}"
  inside install -D -m 644 -t "/etc/systemd/system/$unit.d" \
    /usr/share/doc/cognito-certd/examples/metrics-textfile.conf
  inside systemctl daemon-reload
  inside systemctl restart "$unit"
  await 20 has_textfile
  equal "its mode" "$(inside stat --format %a "$textfile")" 644
  inside setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$textfile" \
    || fail "another user cannot read it"
}

check_off() {
  inside rm "/etc/systemd/system/$unit.d/metrics-textfile.conf"
  inside systemctl daemon-reload
  configure 10m "$domain" "$other_domain"
  inside systemctl restart "$unit"
  await 10 shows "$domain" '.condition == "in_sync"'
}

check "the metrics are served from the sandbox of the unit" check_served
check "without its drop-in the text file is refused, and the log says what to add" check_refused_file
check "with the example drop-in the text file is written, and others can read it" check_file
check "without metrics it goes on as before" check_off
