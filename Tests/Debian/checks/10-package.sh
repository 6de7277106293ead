# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # part of Tests/Debian/run
# The package as a file.

check_lintian() {
  local said
  said=$(lintian --allow-root --fail-on error,warning "$DEB" 2>&1) || fail "$said"
  equal "what lintian says" "$said" ""
}

check_symbols() {
  local symbols id
  symbols=${DEB/cognito-certd_/cognito-certd-dbgsym_}
  dpkg-deb --extract "$DEB" "$work/package"
  id=$(readelf --notes "$work/package/usr/bin/cognito-certd" | sed -n 's/.*Build ID: //p')
  contains "$symbols" "$(dpkg-deb --contents "$symbols")" "/${id:0:2}/${id:2}.debug"
  ! readelf --section-headers "$work/package/usr/bin/cognito-certd" | grep -F .symtab \
    || fail "the program is not stripped"
}

check "lintian finds no error and nothing to warn of" check_lintian
check "the symbols are in a package of their own, and are those of the program" check_symbols
