#!/usr/bin/env bash
# Prints the commit that the contract is compared with: the last release if
# there is one, else the main branch callers see, else the commit before.
set -euo pipefail

if tag=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null); then
  echo "$tag"
  exit
fi
head=$(git rev-parse HEAD)
for ref in origin/main HEAD~1; do
  commit=$(git rev-parse -q --verify "$ref^{commit}" || true)
  # A clone of main itself: comparing a commit with itself shows nothing.
  if [[ -n $commit && $commit != "$head" ]]; then
    echo "$commit"
    exit
  fi
done
