#!/bin/sh
# Makes the secrets of a new installation in a folder: deploy/secrets.sh DIR.
# What is there already is kept: identities are sealed with one of them for ever.
set -eu
dir=${1:?usage: secrets.sh DIR}
umask 077
mkdir -p "$dir"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$dir/$1" ] || printf '%s\n' "$2" >"$dir/$1"; }

keep token "$(random)"
keep secret "$(random)"
# The gateway has one of its own: it must not be able to unseal an identity.
keep gateway-secret "$(random)"
keep postgres-password "$(random)"
# The same password as a line of libpq's password file.
keep pgpass "*:*:*:rapport:$(cat "$dir/postgres-password")"
# The folder is closed; the files are read by the image's user, who is not you.
chmod 0444 "$dir"/*
echo "secrets are in $dir: back them up apart from the data"
