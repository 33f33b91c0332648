#!/usr/bin/env bash
# Installs the programs in tools.txt that are missing, through apt.
# With --check it only lists them, loudly, and exits 0.
set -euo pipefail
cd "$(dirname "$0")"

missing=() packages=()
while read -r program package what; do
	[[ -z $program || $program == \#* ]] && continue
	command -v "$program" >/dev/null && continue
	missing+=("$program: $what")
	packages+=("$package")
done <tools.txt

if [[ ${#missing[@]} -eq 0 ]]; then
	[[ ${1-} == --check ]] || echo "install-tools: nothing is missing"
	exit 0
fi

if [[ ${1-} == --check ]]; then
	echo
	echo "*** MISSING PROGRAMS: the tests that need them are skipped"
	printf '***   %s\n' "${missing[@]}"
	echo "*** install them and test everything:  INSTALL=1 make test"
	echo
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "install-tools: no apt-get here; install by hand:" >&2
	printf '  %s\n' "${missing[@]}" >&2
	exit 1
fi
sudo=()
[[ $(id -u) -eq 0 ]] || sudo=(sudo)
echo "install-tools: installing ${packages[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! {
	"${sudo[@]}" apt-get update &&
		"${sudo[@]}" apt-get install -y --no-install-recommends "${packages[@]}"
} >"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "install-tools: apt-get failed, see above" >&2
	exit 1
fi
