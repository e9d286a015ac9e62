# make without a target lists what there is. Everything works in a fresh clone on Debian with Go, make and git, as root
# and as an ordinary user; what else is needed is installed, or unpacked into the cache directory (HABEAS_CACHE_DIR, else
# ~/.cache/habeas).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

ARGS ?=
PACKAGES ?= ./...
PERSONS ?= 100000
FUZZTIME ?= 30s
# make check vets all packages. One more package than there are cores is tested at a time, since tests also wait.
TESTING = -timeout 40m -vet=off -p $$(($$(nproc) + 1))
# The ends of names of tests that pass very much data through one goroutine, or only drive a browser: the race detector finds nothing in them that
# it does not find in others, and makes them take many times as long.
MUCH = (InConstantMemory|TakesConstantMemory|WithConstantMemory|InBoundedMemory|ThroughLittleMemory|FitEveryScreenAndEverybody)
# Go asks git for the version to stamp, and fails where git refuses, as it does in a checkout of another user.
BUILDVCS = $(shell git status >/dev/null 2>&1 && echo true || echo false)

export GOWORK := off

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## install PostgreSQL if it is missing
	@scripts/setup.sh database

.PHONY: temporal-dev
temporal-dev: ## build the development Temporal server, once, and print its path
	@scripts/build-temporal-dev.sh

.PHONY: versitygw
versitygw: ## build the object store of the tests, once, and print its path
	@scripts/build-versitygw.sh

.PHONY: build
build: ## build bin/habeas and bin/habeas-dev
	go build -trimpath -buildvcs=$(BUILDVCS) -o bin/ ./cmd/habeas ./cmd/habeas-dev

.PHONY: demo
demo: setup temporal-dev build ## run the sample company's requests end to end and keep serving (ARGS=--once ends)
	@bin/habeas-dev demo $(ARGS)

.PHONY: dev
dev: setup temporal-dev build ## serve the sample company for development
	@bin/habeas-dev serve $(ARGS)

.PHONY: test
test: setup temporal-dev versitygw ## run all tests with the race detector; what was skipped is listed with its reason
	@scripts/setup.sh mariadb
	@scripts/setup.sh compiler
	@scripts/setup.sh browser
	@scripts/setup.sh slapd
	@scripts/setup.sh redis
	@scripts/setup.sh web
	@go test -C tools/testreport .
ifeq ($(strip $(ARGS) $(PACKAGES)),./...)
	@scripts/test.sh $(TESTING) -run '$(MUCH)$$' $$(grep -rlE --include='*_test.go' '^func Test\w*$(MUCH)\(' . | xargs -n 1 dirname | sort -u)
	@scripts/test.sh --race $(TESTING) -skip '$(MUCH)$$' ./...
else
	@scripts/test.sh --race $(TESTING) $(ARGS) $(PACKAGES)
endif

.PHONY: test-short
test-short: setup ## run the tests without the race detector, and without those that are long (ARGS="-run Name")
	@scripts/test.sh -short -timeout 10m $(ARGS) $(PACKAGES)

.PHONY: fuzz
fuzz: ## run each fuzz test for FUZZTIME
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: setup temporal-dev ## measure, beside the raw rates of the same PostgreSQL and the same Temporal
	@if [ -x bench/run.sh ]; then bench/run.sh $(ARGS); else go test -run '^$$' -bench . $(ARGS) ./bench/...; fi

.PHONY: bench-inbox
bench-inbox: setup ## measure the console with 100,000 open requests; fails over 50 ms at the median
	@bench/run.sh inbox $(ARGS)

.PHONY: bulk
bulk: setup temporal-dev ## write to PERSONS persons whom a breach concerns, the worker being killed three times
	HABEAS_TEST_PERSONS=$(PERSONS) go test ./cmd/internal/e2e -run TestEverybodyWhomABreachConcerns -v -timeout 60m

.PHONY: check
check: check-generated ## everything below
	@$(MAKE) -j 3 --output-sync=target check-lint check-vulnerabilities check-workflows check-modules check-format
	@echo "check: all is well"

.PHONY: check-format
check-format: ## gofumpt
	@echo "check: format (gofumpt)"
	@files=$$(scripts/tool.sh gofumpt -l .); if [ -n "$$files" ]; then scripts/tool.sh gofumpt -d $$files; \
		echo "check: not formatted (run: make format): $$files" >&2; exit 1; fi

.PHONY: check-lint
check-lint: ## go vet and golangci-lint, with the import rules
	@echo "check: go vet"
	@go vet ./...
	@echo "check: golangci-lint"
	@scripts/tool.sh golangci-lint run ./...

.PHONY: check-workflows
check-workflows: ## workflowcheck: workflow code is deterministic
	@echo "check: workflowcheck"
	@scripts/tool.sh workflowcheck ./workflows/...

.PHONY: check-generated
check-generated: ## generated files are up to date
	@echo "check: generated files"
	@scripts/check-generated.sh

.PHONY: check-modules
check-modules: ## the modules' contents are those that go.sum names
	@echo "check: modules"
	@go mod verify

.PHONY: check-vulnerabilities
check-vulnerabilities: ## govulncheck: no known vulnerability in code that is called
	@echo "check: vulnerabilities (govulncheck)"
	@scripts/check-vulnerabilities.sh

.PHONY: format
format: ## format all Go files
	@scripts/tool.sh gofumpt -w .

.PHONY: generate
generate: ## generate what is generated
	go generate ./...

.PHONY: clean
clean: ## remove what was built here; the cache directory stays
	rm -rf bin build coverage.out
