#!/usr/bin/env bash
# Runs every fuzz target of the packages $2 (default ./...) for the time $1,
# one after the other. A find is written to testdata/fuzz of its package:
# commit it with the fix, as a named regression.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GO:=go}"
time=${1:?usage: fuzz.sh TIME [PACKAGES]} count=0

# shellcheck disable=SC2086  # packages may be several
packages=$("$GO" list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ${2:-./...})
for package in $packages; do
	targets=$("$GO" test -list '^Fuzz' "$package" | grep '^Fuzz' || true)
	for target in $targets; do
		echo "fuzz: $package $target for $time"
		"$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
		count=$((count + 1))
	done
done
echo "fuzz: $count targets, nothing found"
