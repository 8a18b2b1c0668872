#!/usr/bin/env bash
# buf breaking of the working tree against commit $1. The commit lacks
# third_party, which git ignores, so the comparison is with a copy beside it.
set -euo pipefail

against=${1:-}
if [[ -z $against ]] || [[ -z $(git ls-tree "$against" buf.yaml) || -z $(git ls-tree "$against" proto/) ]]; then
  echo "buf breaking: nothing earlier to compare with"
  exit
fi

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$against" buf.yaml proto | tar -x -C "$before"
cp -r third_party "$before/"
echo "buf breaking against $(git rev-parse --short "$against")"
GOWORK=off go tool -modfile=tools/go.mod buf breaking --against "$before"
