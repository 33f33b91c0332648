#!/usr/bin/env bash
# Builds every package, and the programs under cmd and examples into bin/.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GO:=go}"
"$GO" build ./...
programs=$("$GO" list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./... | grep -E '/(cmd|examples)/' || true)
[[ -n $programs ]] || exit 0
mkdir -p bin
# shellcheck disable=SC2086  # one word each
"$GO" build -o bin/ $programs
echo "build: bin/ has: $(cd bin && echo *)"
