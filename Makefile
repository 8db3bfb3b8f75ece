# Everything a newcomer or CI needs. `make demo` and `make test` are the two that matter.

CARGO ?= cargo
CYCLES ?= 1000
EVENTS ?= 1000000
SYNCS ?= 100
SEEDS ?= 10000
DEMO_DATA ?= ./tradewind-data
PORT ?= 8080
SECONDS ?= 60
TARGETS ?=
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))

.DEFAULT_GOAL := help
.PHONY: help demo test test-rust test-clients test-crash test-oracle test-faults test-cluster fuzz lint lint-web bench clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

demo: ## build everything, fill a demo shop, serve it at http://localhost:8080
	@scripts/need.sh cargo cc
	$(CARGO) build --profile demo --package tradewind
	$(TARGET)/demo/tradewind demo --data-dir $(DEMO_DATA) --port $(PORT)

test: test-rust test-clients ## all tests that need no other server

test-rust: ## the Rust tests, the crash test with 20 cycles among them
	@scripts/need.sh cargo cc
	$(CARGO) test --workspace

test-clients: ## real clients and a real browser against the server
	@scripts/need.sh cargo cc node npm
	$(CARGO) build --package tradewind
	TRADEWIND_BIN=$(TARGET)/debug/tradewind clients/run.sh all

# With optimization: each start checks the whole log, which takes a debug build ten times as long, and more
# with every cycle.
test-crash: ## kill -9 under load, CYCLES times (1000)
	CRASH_CYCLES=$(CYCLES) $(CARGO) test --release --package tradewind --test it -- --nocapture crash

test-oracle: ## EVENTS (1000000) messages, 30 % twice, reordered, with kills: every aggregate as an oracle has it
	ORACLE_EVENTS=$(EVENTS) $(CARGO) test --package tradewind --test it -- --nocapture oracle

test-faults: ## each of the first SYNCS (100) syncs fails, a disk runs full, SEEDS (10000) simulated power cuts
	FAULT_SYNCS=$(SYNCS) $(CARGO) test --package tradewind --test it -- --nocapture sync_errors full_disk
	TRADEWIND_SEEDS=$(SEEDS) $(CARGO) test --package tradewind-embedded --lib -- --nocapture --ignored many_lives

test-cluster: ## the distributed engines: they come with the cluster crate
	@echo "make test-cluster: there are no distributed engines yet; they come with the crate 'cluster'."

fuzz: ## every parser on made-up bytes, SECONDS each (60), TARGETS only; needs nightly and cargo-fuzz
	fuzz/run.sh $(SECONDS) $(TARGETS)

lint: lint-web ## formatting, clippy, the clients' syntax, licences
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check bans licenses sources && scripts/advisories.sh; \
	else echo "make lint: cargo-deny is not installed, so licences were not checked (cargo install cargo-deny)"; fi

lint-web:
	@if command -v node >/dev/null; then scripts/lint-web.sh; \
	else echo "make lint: node is not installed, so the JavaScript was not checked"; exit 1; fi

bench: ## measure this machine: models, events, decisions, profiles (docs/benchmarks.md)
	@scripts/need.sh cargo cc
	$(CARGO) build --release --package tradewind
	$(CARGO) build --release --package tradewind-bench --package tradewind-pipeline --examples
	scripts/bench.sh $(TARGET)/release/tradewind

clean: ## remove what was built, not the demo's data
	$(CARGO) clean
