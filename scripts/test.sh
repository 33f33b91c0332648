#!/usr/bin/env bash
# Runs every test of the packages given (default ./...), and says before and
# after what was skipped. Missing programs are installed if CI or INSTALL is set.
# A package that hangs fails after five minutes; in CI the order is shuffled.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GO:=go}"

if [[ -n ${CI-} || -n ${INSTALL-} ]]; then
	scripts/install-tools.sh
fi
scripts/install-tools.sh --check
flags=(-timeout=5m)
[[ -z ${CI-} ]] || flags+=(-shuffle=on)
status=0
# shellcheck disable=SC2086  # packages may be several
"$GO" test -json "${flags[@]}" ${1:-./...} | "$GO" run ./internal/testsum || status=$?
scripts/install-tools.sh --check
exit "$status"
