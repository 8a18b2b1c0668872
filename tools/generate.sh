#!/usr/bin/env bash
# Replaces the generated folders named by the arguments with what buf.gen.yaml
# makes of proto. Everything is built apart and then swapped in, so a proto
# that fails leaves the tree as it was, and a deleted one takes its code along.
set -euo pipefail

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
GOWORK=off go tool -modfile=tools/go.mod buf generate -o "$out"

# A merged OpenAPI file takes its title from whichever proto comes first.
sed -i -e '0,/"title": .*/s//"title": "Rapport",/' -e '0,/"version": .*/s//"version": "v1"/' \
  "$out/services/gateway/openapi/openapi.swagger.json"

# The gateway's generator imports the package of an enum inside a path parameter
# ({ref.kind}) even where it then reads the text by reflection and needs no import.
find "$out/services/gateway/stub" -name '*.gw.go' | while read -r file; do
  for alias in $(sed -n 's/^\t\(ext[A-Za-z0-9]*\) ".*"$/\1/p' "$file"); do
    grep -q "\b$alias\." "$file" || sed -i "/^\t$alias \"/d" "$file"
  done
done

rm -rf "$@"
cp -r "$out/." .
