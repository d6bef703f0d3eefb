# The jobs of this project. `make` or `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# `make setup` puts the test runner there when the machine has none.
export PATH := $(CURDIR)/.tools/nextest/bin:$(PATH)

# Once the program is built, cargo need not say so each time.
SETUP = cargo run $(if $(wildcard target/debug/setup),--quiet) --package toolbox --bin setup --
STACK = cargo run --quiet --package stack --
TIERS = tests-p0 tests-p1 tests-p2

.PHONY: help
help: ## list these jobs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: compiler
compiler:
	@command -v cargo >/dev/null || { echo "cargo not found: install Rust with rustup (rust-version in Cargo.toml is the oldest that works)" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "no C compiler (cc): install one (Debian: sudo apt-get install gcc libc6-dev)" >&2; exit 1; }

.PHONY: setup
setup: compiler ## find or install the tools that the project needs, and link them into this checkout
	@$(SETUP)

# The same, silent when there is nothing to do: the other jobs start with it.
.PHONY: ready
ready: compiler
	@$(SETUP) --quiet $(setup_options)

.PHONY: p0
p0: setup_options = --build tests-p0
p0: ready ## the main job: all tests of tier P0; starts the stack, or uses the one that runs
	cargo nextest run --package tests-p0

.PHONY: nightly
nightly: setup_options = --build tests-p0 --build tests-p1
nightly: ready ## tiers P0 and P1
	cargo nextest run --profile nightly --package tests-p0 --package tests-p1

.PHONY: weekly
weekly: ready ## all tiers
	cargo nextest run --profile weekly $(TIERS:%=--package %)

.PHONY: check
check: ready ## everything that must pass before a merge: format, lints, conventions, unit tests, P0
	cargo fmt --all --check
	cargo xtask tidy
	cargo run --quiet --package ledger -- --check LEDGER.md
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo nextest run --profile unit --workspace $(TIERS:%=--exclude %)
	cargo test --quiet --workspace --doc
	trap '$(STACK) down' EXIT; cargo nextest run --package tests-p0

.PHONY: defects
defects: ready ## break one behaviour after the other in a copy, and see its tests turn red; NAMES="…" for some
	cargo xtask defects $(NAMES)

.PHONY: bench
bench: ready ## measure boot, harness, P0, rebuild and simulation against their budgets
	cargo run --quiet --package bench

.PHONY: endurance
endurance: ready ## 2000 episodes while every part is killed again and again, 50 times; ARGS="--episodes 100 --kills 10"
	cargo run --quiet --package endurance -- $(ARGS)

.PHONY: stack-up
stack-up: ready ## start the stack and print its addresses
	$(STACK) ensure

.PHONY: stack-status
stack-status: ## what runs, and where
	$(STACK) status

.PHONY: stack-down
stack-down: ## stop the stack and remove its data
	$(STACK) down
