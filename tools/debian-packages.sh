#!/usr/bin/env bash
# Installs the Debian packages that tests start for themselves, where missing.
# Without root or apt it says what is missing and goes on: the tests that need
# it then fail or skip by their own rules.
set -euo pipefail

missing=()
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]}; install them, or run this as root on Debian" >&2
  # In CI nothing may be left out quietly.
  [[ ${CI:-} != true ]]
  exit
fi

echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Tests start private clusters: the one the package would create is not wanted.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/rapport-tests.conf
apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
