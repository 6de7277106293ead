# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # part of Tests/Debian/run
# On a bare system without a systemd: is what the package needs what it says?

check_install() {
  bare_update
  bare_apt install /srv/package.deb
  equal "its state" "$(package_state)" "installed $version"
  note "with $(bare_packages) other packages"
}

package_state() {
  bare dpkg-query --show --showformat '${db:Status-Status} ${Version}' cognito-certd
}

# What it brought along.
bare_packages() {
  bare dpkg-query --show --showformat '${db:Status-Status}\n' | grep -c '^installed' \
    | awk -v before="$packages_before" '{ print $1 - before - 1 }'
}

check_libraries() {
  local libraries
  libraries=$(bare ldd /usr/bin/cognito-certd)
  contains "ldd" "$libraries" "libcurl.so.4 => /"
  [[ $libraries != *"not found"* ]] || fail "$libraries"
  [[ $libraries != *swift* ]] || fail "it wants Swift: $libraries"
}

check_version() {
  equal "cognito-certd --version" "$(bare cognito-certd --version)" "$version"
}

# The status, and a sentence that says what to write.
check_incomplete() {
  local command=$1 status=0
  bare cognito-certd "$command" >"$work/answer" 2>&1 || status=$?
  equal "the exit status" "$status" 78
  contains "cognito-certd $command" "$(cat "$work/answer")" \
    "/etc/cognito-certd/config.yaml:"
  contains "cognito-certd $command" "$(cat "$work/answer")" \
    "the list is empty; add an entry with domain and user_pool_id"
}

# As the comments of the file say.
check_example() {
  local example
  example=$(sed '/^# --- example: begin/,/^# --- example: end/s/^#  /  /' \
    "$work/bare/etc/cognito-certd/config.yaml")
  printf '%s\n' "$example" >"$work/bare/srv/example.yaml"
  equal "cognito-certd check" "$(bare cognito-certd check --config /srv/example.yaml)" \
    "OK: 1 domains, 1 identities"
}

check_conffiles() {
  equal "its configuration files" \
    "$(bare dpkg-query --show --showformat '${Conffiles}' cognito-certd | awk '{print $1}' | xargs)" \
    /etc/cognito-certd/config.yaml
}

# Every command that the program has, and what only a person could write.
check_manual() {
  local manual part command
  manual=$(zcat "$work/bare/usr/share/man/man1/cognito-certd.1.gz")
  for command in $(commands); do
    contains "the manual" "$manual" ".It Em $command"
  done
  for part in '"EXIT STATUS"' SIGNALS FILES; do
    contains "the manual" "$manual" ".Sh $part"
  done
  if command -v mandoc >/dev/null; then mandoc -T lint -W error - <<<"$manual"; fi
}

commands() {
  bare cognito-certd --help \
    | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z][a-z]*\)  .*/\1/p'
}

check_completions() {
  local completions command
  completions=$work/bare/usr/share/bash-completion/completions/cognito-certd
  bash -n "$completions"
  # What bash offers after the program's name.
  # shellcheck disable=SC2016 # for the inner shell
  bare bash -c 'source /usr/share/bash-completion/completions/cognito-certd
    COMP_WORDS=(cognito-certd "") COMP_CWORD=1 COMP_LINE="cognito-certd " COMP_POINT=14
    _cognito-certd cognito-certd "" cognito-certd
    printf "%s\n" "${COMPREPLY[@]}"' >"$work/offered" 2>&1
  for command in $(commands); do
    grep -qx -- "$command *" "$work/offered" || fail "bash does not offer $command: $(cat "$work/offered")"
  done
  for command in $(commands); do
    grep -qF -- "$command" "$work/bare/usr/share/zsh/vendor-completions/_cognito-certd"
    grep -qF -- "$command" "$work/bare/usr/share/fish/vendor_completions.d/cognito-certd.fish"
  done
}

check_purge_bare() {
  bare_apt purge cognito-certd
  equal "what is left of it" "$(leftovers)" ""
}

# Everything on the disk with its name, the copies of the checks left out.
leftovers() {
  find "$work/bare" -xdev -name '*cognito-certd*' ! -path "$work/bare/srv/*" \
    ! -path "$work/bare/var/lib/dpkg/info/*" ! -path "$work/bare/var/log/*"
}

packages_before=$(bare dpkg-query --show | wc -l)
check "it installs on a bare system, with what it depends on" check_install
check "every library that the program wants is there, and none is Swift's" check_libraries
check "the program says the package's version" check_version
check "the shipped configuration is incomplete, and check says what to add" check_incomplete check
check "so does run, with the status after which it is not started again" check_incomplete run
check "with the example's comment signs removed it is complete" check_example
check "the configuration is kept as an administrator's file" check_conffiles
check "the manual has every command, the exit statuses, signals and files" check_manual
check "bash, zsh and fish are offered every command" check_completions
check "purged, it leaves nothing behind" check_purge_bare
