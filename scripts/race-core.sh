#!/usr/bin/env bash
# Tests the packages given that exist under the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GO:=go}"
packages=()
for package in "$@"; do
	[[ -d ${package%/...} ]] && packages+=("$package")
done
exec "$GO" test -race -timeout=5m "${packages[@]}"
