#!/usr/bin/env bash
# Installs the Debian packages that tests start for themselves, where missing:
# private PostgreSQL clusters, Redis servers, a browser, and what the race
# detector links with.
set -euo pipefail

missing=()
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
[[ ${#missing[@]} -gt 0 ]] || exit 0

# At a desk the tests say themselves what they lack; in CI nothing may be left out.
give_up() {
  echo "missing: ${missing[*]} ($1)" >&2
  [[ ${CI:-} != true ]]
  exit
}

[[ $(id -u) -eq 0 ]] || give_up "only root can install them"
command -v apt-get >/dev/null || give_up "no apt-get"

echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Tests start clusters of their own: the one the package would create is not wanted.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/rapport-tests.conf
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
  </dev/null >/dev/null || give_up "apt-get failed"
