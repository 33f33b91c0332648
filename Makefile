# What a contributor and CI run; the same targets, nothing hidden.
# Settings: PKG=./pattern/...  BENCH=pattern  FUZZTIME=10m  ARGS=--help  INSTALL=1
# and for bench: SCALE=smoke|mid|full  ROUNDS=n  W=W3,W6  PEERS=kista,erlang  X=Size=n,...  BUDGET=13m

GO       ?= go
PKG      ?= ./...
BENCH    ?= .
FUZZTIME ?= 10m
SCALE    ?= mid
ROUNDS   ?= 0
BUDGET   ?= 13m
CORE     := . ./server/... ./supervisor/...
TOOL     := $(GO) tool -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help check test race race-core fuzz fuzz-smoke bench microbench cover fmt generate install-tools build demo clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

check: ## format, vet, lint, rules of the tree, go.mod, generated files, other platforms
	@GO="$(GO)" scripts/check.sh

test: ## every test of every package; INSTALL=1 installs missing programs first
	@GO="$(GO)" scripts/test.sh "$(PKG)"

race: ## every test under the race detector
	$(GO) test -race $(PKG)

race-core: ## the kernel, servers and supervisors under the race detector
	@GO="$(GO)" scripts/race-core.sh $(CORE)

fuzz: ## every fuzz target for FUZZTIME (10m) each
	@GO="$(GO)" scripts/fuzz.sh "$(FUZZTIME)" "$(PKG)"

fuzz-smoke: ## every fuzz target for 10 seconds
	@GO="$(GO)" scripts/fuzz.sh 10s "$(PKG)"

bench: ## Kista beside Erlang and other libraries: ratios, goals, docs/benchmarks.md
	cd bench && $(GO) run ./run -scale "$(SCALE)" -rounds "$(ROUNDS)" -w "$(W)" -peers "$(PEERS)" -x "$(X)" -budget "$(BUDGET)"

microbench: ## Go benchmarks that match BENCH, six times each, for benchstat
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count 6 $(PKG)

cover: ## coverage of the tests, by function, and the total
	$(GO) test -coverprofile=cover.out -coverpkg=./... $(PKG)
	$(GO) tool cover -func=cover.out | tail -n 1
	@echo "see it line by line: $(GO) tool cover -html=cover.out"

fmt: ## format the Go files in place
	$(TOOL) gofumpt -w .

generate: ## rewrite what is generated: code, and the Go snippets in the pages
	$(GO) generate ./...

install-tools: ## install the programs that some tests talk to (apt, needs root or sudo)
	@scripts/install-tools.sh

build: ## build every package, and the programs into bin/
	@GO="$(GO)" scripts/build.sh

demo: ## the supervised bank, its clients and those who kill it; DEMO='--for 10s' for flags
	$(GO) run ./cmd/kista demo $(DEMO)

clean: ## remove what build, cover and the tests leave behind
	rm -rf bin dist cover.out bench/bin bench/out
	find . -name '*.test' -type f -delete
