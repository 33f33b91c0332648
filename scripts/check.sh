#!/usr/bin/env bash
# Everything that can be known without running the product: format, vet, lint,
# the rules of the tree, module files, generated files, other platforms.
# Stops at the first step that fails, and says what to do.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GO:=go}"
tool=("$GO" tool -modfile=tools/go.mod)

# step NAME REMEDY COMMAND... runs the command and tells how long it took.
step() {
	local name=$1 remedy=$2 start=$SECONDS
	shift 2
	if ! "$@"; then
		printf 'check: FAIL %s: %s\n' "$name" "$remedy" >&2
		exit 1
	fi
	printf 'check: ok   %-22s %3ds\n' "$name" $((SECONDS - start))
}

formatted() {
	local files
	files=$("${tool[@]}" gofumpt -l .) || return 1
	[[ -z $files ]] || {
		printf '%s\n' "$files"
		return 1
	}
}

# state is everything that git sees as changed; two equal states around a
# command mean that it changed nothing.
state() {
	git status --porcelain
	git diff
}

generated() {
	git rev-parse --git-dir >/dev/null 2>&1 || {
		echo "(no git tree: not checked)"
		return 0
	}
	local before after
	before=$(state)
	"$GO" generate ./... || return 1
	after=$(state)
	[[ $before == "$after" ]] || {
		git status --short
		return 1
	}
}

# platform builds every package for one platform and type-checks its tests,
# which needs no program of that platform to run.
platform() {
	CGO_ENABLED=0 GOOS=${1%/*} GOARCH=${1#*/} "$GO" build ./... &&
		CGO_ENABLED=0 GOOS=${1%/*} GOARCH=${1#*/} "$GO" vet ./...
}

# bench is a module of its own: it must build, and be tidy, with this tree.
bench() {
	"$GO" -C bench vet ./... && "$GO" -C bench mod tidy -diff
}

step "format" "run 'make fmt'" formatted
step "go vet" "see above" "$GO" vet ./...
step "kista vet" "see above; docs/vet.md explains the rules" "$GO" run ./cmd/kista vet ./examples/... ./cmd/...
step "rules of the tree" "see above; each line says what to do" \
	"$GO" test -count=1 -run 'TestFloors|TestKista|TestPages' . ./internal/guard ./internal/readme
step "go.mod" "run 'go mod tidy'" "$GO" mod tidy -diff
step "tools/go.mod" "run 'go mod tidy' in tools" "$GO" -C tools mod tidy -diff
step "bench" "see above; 'go mod tidy' in bench if it is go.mod" bench
step "generated files" "run 'make generate' and commit" generated
step "lint" "see above; exclusions need a reason in .golangci.yml" \
	"${tool[@]}" golangci-lint run ./...
for target in darwin/arm64 windows/amd64 linux/arm64 freebsd/amd64; do
	step "$target" "see above" platform "$target"
done
