# Every tool is pinned: buf and what prints third_party in tools/go.mod, the linter
# in tools/golangci.mod, the generators in go.mod. All come from the module proxy.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUF := GOWORK=off go tool -modfile=tools/go.mod buf
GOLANGCI := go tool -modfile=tools/golangci.mod golangci-lint
EVERYTHING := ./... ./gen/...

# What `make gen` owns, whole.
GENERATED := gen/rapport services/gateway/stub services/gateway/openapi

# Where goroutines meet: these run under the race detector too, if there is a C compiler.
RACE := ./internal/commit/... ./internal/feed/... ./internal/fold/... ./internal/hot/... \
	./internal/sqldb/walfile/... ./internal/several/... ./internal/access/... ./internal/app/... ./internal/people/... ./services/survey/tally/... \
	./services/segmentation/answer/... ./services/segmentation/purchase/... ./services/segmentation/panel/... \
	./services/loyalty/purchase/... ./services/loyalty/standing/...
TEST_TIMEOUT := 30m

# The contract must not break callers of this commit. Empty: no check.
BREAKING_AGAINST ?= $(shell tools/breaking-base.sh)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: build ## everything on the embedded engine with the demo brand
	bin/rapport demo --serve --live 20 $(ARGS)

.PHONY: build
build: ## bin/rapport
	go build -buildvcs=false -o bin/rapport ./services/rapport

.PHONY: test
test: packages ## all tests, on real PostgreSQL, Redis and browser
	@if [[ -n "$$(go env CC)" && "$$(go env CGO_ENABLED)" == 1 ]] && command -v "$$(go env CC)" >/dev/null; \
	then set -x; go test -race -timeout $(TEST_TIMEOUT) $(RACE); \
	else echo "no C compiler: the race detector is left out"; fi
	go test -timeout $(TEST_TIMEOUT) $(EVERYTHING)

.PHONY: packages
packages: ## the Debian packages that tests need, where missing
	@tools/debian-packages.sh

.PHONY: bench
bench: packages ## throughput and processor time beside an empty gRPC echo; about an hour
	go test -run '^$$' -bench . -benchtime 1x -timeout 4h ./services/rapport/bench
	go test -run '^$$' -bench Visible -benchtime 200x ./services/survey

.PHONY: soak
soak: packages ## random histories against the plain reference, kills and faults, for about half an hour
	RAPPORT_TEST_MODEL_RUNS=60 go test -count=1 -timeout 2h -run 'Reference' ./services/survey ./services/loyalty
	go test -count=20 -timeout 2h -run 'Killed|NoWrongAnswer' ./services/survey
	RAPPORT_TEST_KILL_ROUNDS=60 go test -count=3 -timeout 2h ./services/rapport/suite

.PHONY: gen
gen: third_party/proto/.printed ## generated code from proto
	$(BUF) format -w proto
	@tools/generate.sh $(GENERATED)

.PHONY: check-gen
check-gen: gen ## fail if generated code is not what proto says
	@dirty=$$(git status --porcelain --untracked-files=all -- proto $(GENERATED)); \
	if [[ -n "$$dirty" ]]; then \
	  echo "proto or generated code is not as committed; run make gen and commit:"; echo "$$dirty"; \
	  git --no-pager diff -- proto $(GENERATED); exit 1; \
	fi

# Protos that ours import, printed from Go packages: see tools/thirdparty.
third_party/proto/.printed: tools/go.mod tools/thirdparty/main.go
	rm -rf third_party/proto
	GOWORK=off go -C tools run -buildvcs=false ./thirdparty ../third_party/proto
	@touch $@

.PHONY: lint
lint: lint-proto lint-go lint-deploy ## buf lint, format, breaking; gofmt, vet, golangci-lint

.PHONY: lint-proto
lint-proto: third_party/proto/.printed
	$(BUF) lint
	$(BUF) format --diff --exit-code proto
	@tools/breaking.sh "$(BREAKING_AGAINST)"

.PHONY: lint-go
lint-go:
	@files=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r ls 2>/dev/null | xargs -r gofmt -l); \
	if [[ -n "$$files" ]]; then echo "gofmt -w is needed on:"; echo "$$files"; exit 1; fi
	go vet $(EVERYTHING)
	GOWORK=off go vet -C tools ./...
	GOWORK=off $(GOLANGCI) run

.PHONY: lint-deploy
lint-deploy: ## the deploy files, read by the parsers of those who will
	GOWORK=off go test -C tools/deploy ./...
