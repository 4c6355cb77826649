# Everything runs from a bare Python 3.11+ and make: the targets create .venv and install what they need.
# `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help

PORT ?= 8000
SEED ?= 68656048
ARGS ?=
WORKERS ?= 2
# public files that are not part of the repository
DATA ?= ../shared/data
# an empty NORRSYN_HOME is none, as for the program: nothing may be written to / or beside this file
override NORRSYN_HOME := $(or $(strip $(NORRSYN_HOME)),./norrsyn-data)

VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3 python
SAY = @printf '\033[1mnorrsyn\033[0m %s\n'

# ---- for people who use it -------------------------------------------------------------------------------------

.PHONY: help
help: ## list what can be made
	@printf 'make TARGET, where TARGET is one of\n\n'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@printf '\nPORT=%s (run), NORRSYN_HOME=%s (run), PYTHON=/path/to/python, ARGS="-k name" (test, test-long, bench, evidence),\nDATA=%s (evidence)\n' \
	  '$(PORT)' '$(NORRSYN_HOME)' '$(DATA)'

.PHONY: run
run: export NORRSYN_HOME := $(NORRSYN_HOME)
run: install ## show the map: install, make the demo region if there is no data, score it, serve it
	@there="$$($(BIN)/norrsyn layers --json 2>/dev/null || true)"; \
	if [[ $$there != *'"added_at": "'* ]]; then \
	  printf '\033[1mnorrsyn\033[0m %s\n' "no layers in $$NORRSYN_HOME: making the synthetic demo region"; \
	  $(BIN)/norrsyn demo --seed $(SEED); \
	  printf '\033[1mnorrsyn\033[0m %s\n' 'scoring it for the day that it was made for'; \
	  $(BIN)/norrsyn score --at 2026-07-15; \
	elif [[ $$there != *'"published": true'* ]]; then \
	  printf '\033[1mnorrsyn\033[0m %s\n' 'no scored surface yet: scoring the region'; \
	  $(BIN)/norrsyn score; \
	fi
	$(SAY) 'starting the server; as long as nobody can sign in, it prints a link for the first user'
	@exec $(BIN)/norrsyn serve --port $(PORT)

.PHONY: install
install: $(VENV)/.package ## install the program into .venv

# ---- for people who change it ----------------------------------------------------------------------------------

# The kernels run once more as plain Python: coverage and debuggers see into them, and a jit that hides an
# out-of-bounds read is found out.
KERNEL_TESTS := $(wildcard tests/geo/test_kernel*.py)

.PHONY: test
test: dev ## run the test suite (ARGS="-k name" to choose)
	$(SAY) 'tests on $(WORKERS) processes'
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
ifneq ($(KERNEL_TESTS),)
ifeq ($(ARGS),)
	$(SAY) 'the kernel tests once more, as plain Python'
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -n $(WORKERS) $(KERNEL_TESTS)
endif
endif

.PHONY: test-long
test-long: dev ## run the tests that take longer than the suite allows
	$(SAY) 'long tests'
	@$(BIN)/python -m pytest -m long -n $(WORKERS) --dist loadfile $(ARGS) || { status=$$?; [ $$status -eq 5 ] && \
	  echo 'norrsyn: no test is marked long' || exit $$status; }

.PHONY: check
check: check-lint check-format check-types check-imports check-docs ## all checks

.PHONY: check-lint
check-lint: dev ## ruff's rules
	$(SAY) 'ruff check'
	@$(BIN)/ruff check --quiet

.PHONY: check-format
check-format: dev ## ruff's formatting
	$(SAY) 'ruff format --check'
	@$(BIN)/ruff format --check --quiet || { echo 'norrsyn: run `make format`'; exit 1; }

.PHONY: check-types
check-types: dev ## mypy, strict
	$(SAY) 'mypy --strict'
	@$(BIN)/mypy

.PHONY: check-imports
check-imports: dev ## the dependency order of the packages
	$(SAY) 'import order'
	@$(BIN)/lint-imports --no-logo

.PHONY: check-docs
check-docs: dev ## every command, route, setting, layer, component and dependency is documented
	$(SAY) 'docs complete'
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/house/test_docs_complete.py

.PHONY: format
format: dev ## format the code and sort the imports
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

.PHONY: bench
bench: dev ## every bar of the kernel in one table, minutes (ARGS="--quick", "--only libkdv fft", "--markdown FILE")
	$(SAY) 'benchmarks: keep the machine idle'
	@$(BIN)/python benchmarks/bench.py --peers $(PEERS) $(ARGS)

.PHONY: bench-peers
bench-peers: $(PEERS)/.installed ## install the programs that `make bench` compares with, into .venv-peers

.PHONY: evidence
evidence: dev ## what the models reach on public data, into docs/evidence.md (DATA=folder, ARGS="--only portland")
	$(SAY) 'evidence from $(DATA)'
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/evidence.py --data '$(DATA)' $(ARGS)

.PHONY: docs
docs: dev ## build the user guide and the API reference into build/docs
	$(SAY) 'building the docs'
	@$(BIN)/sphinx-build --quiet --keep-going --fail-on-warning --builder html docs build/docs
	$(SAY) 'open build/docs/index.html'

.PHONY: screenshots
screenshots: dev ## take the README's picture anew, from the browser tests
	$(SAY) 'pictures into build/screenshots, the map into docs/images'
	@NORRSYN_REQUIRE_BROWSER=1 $(BIN)/python -m pytest -q tests/browser/test_main_job.py
	@cp build/screenshots/map.png docs/images/map.png

.PHONY: lock
lock: dev ## choose the newest allowed versions and write the lock files
	$(SAY) 'resolving dependencies'
	@$(BIN)/uv $(LOCK) --all-extras --group build --upgrade --output-file requirements-dev.lock
	@$(BIN)/uv $(LOCK) --group build --upgrade --constraints requirements-dev.lock --output-file requirements.lock
	@$(BIN)/uv $(LOCK_PEERS) --upgrade --output-file benchmarks/peers/requirements.lock
	$(SAY) 'the lock files are new: run make test check bench-peers bench'

# One version of each package for every Python and system, so that all of us test the same one. No addresses are
# written: whoever installs decides which registry or mirror serves the files, and the hashes hold for any of them.
LOCK_STYLE := --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-config
LOCK := pip compile pyproject.toml $(LOCK_STYLE)
LOCK_PEERS := pip compile benchmarks/peers/requirements.in $(LOCK_STYLE)

.PHONY: clean
clean: ## remove the environment, build outputs and caches (never the data folder)
	@rm -rf $(VENV) $(PEERS) build dist docs/code .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find api geo maps tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---- the environment: stamp files make a second run instant ----------------------------------------------------

.PHONY: dev
dev: $(VENV)/.dev $(VENV)/.package

QUIETLY := --disable-pip-version-check --quiet --quiet
# Wheels only: building a source archive would fetch and run build tools that no hash vouches for.
VOUCHED := --require-hashes --only-binary :all:
PIP := $(BIN)/python -m pip $(QUIETLY)
INSTALL := $(PIP) install $(VOUCHED)

# The tests' packages are a superset of the program's, so either may be installed first.
$(VENV)/.runtime: requirements.lock | $(BIN)/python
	$(SAY) "installing the program's packages ($$(grep -c '==' $<) of them; minutes the first time)"
	@$(INSTALL) -r $<
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	$(SAY) "installing the packages of program, tests and checks ($$(grep -c '==' $<) of them; minutes the first time)"
	@$(INSTALL) -r $<
	@touch $@ $(VENV)/.runtime

$(VENV)/.package: pyproject.toml $(VENV)/.runtime
	$(SAY) 'installing norrsyn itself'
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(BIN)/python:
	@good() { "$$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }; \
	chosen=''; \
	for name in $(or $(PYTHON),$(CANDIDATES)); do if good "$$name"; then chosen=$$name; break; fi; done; \
	if [ -z "$$chosen" ]; then \
	  printf '%s\n' \
	    'norrsyn needs Python 3.11 or newer with its venv module, and found none$(if $(PYTHON), in PYTHON=$(PYTHON)).' \
	    '  Debian, Ubuntu:  apt-get install python3 python3-venv' \
	    '  Fedora:          dnf install python3' \
	    '  macOS:           brew install python@3.13' \
	    'or name one:       make PYTHON=/path/to/python3.12 run' >&2; \
	  exit 1; \
	fi; \
	printf '\033[1mnorrsyn\033[0m %s\n' "creating $(VENV) with $$("$$chosen" --version)"; \
	"$$chosen" -m venv --clear $(VENV)

# ---- the other programs of the benchmarks: an environment of their own, which never meets ours -------------------

# xarray-spatial wants a newer Python than we do; where there is none, the older one takes the rest.
PEERS_CANDIDATES := python3.13 python3.12 python3.14 $(CANDIDATES)

$(PEERS)/.installed: benchmarks/peers/requirements.lock | $(PEERS)/bin/python
	$(SAY) 'installing the programs that ours is compared with'
	@$(PEERS)/bin/python -m pip $(QUIETLY) install $(VOUCHED) -r $<
	@touch $@

# pyenv hides the versions that are not switched on: all are, for this one search.
$(PEERS)/bin/python:
	@if command -v pyenv >/dev/null; then \
	  export PYENV_VERSION="$$(pyenv versions --bare --skip-aliases | tr '\n' ':' | sed 's/:$$//')"; \
	fi; \
	good() { "$$1" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < $$2)" >/dev/null 2>&1; }; \
	chosen=''; \
	for least in '(3, 12)' '(3, 11)'; do \
	  for name in $(or $(PEERS_PYTHON),$(PEERS_CANDIDATES)); do \
	    if [ -z "$$chosen" ] && good "$$name" "$$least"; then chosen=$$name; fi; \
	  done; \
	done; \
	if [ -z "$$chosen" ]; then echo 'norrsyn: no Python 3.11 or newer with its venv module was found' >&2; exit 1; fi; \
	if ! good "$$chosen" '(3, 12)'; then \
	  printf '\033[1mnorrsyn\033[0m %s\n' "$$("$$chosen" --version) only: xarray-spatial needs 3.12 and is left out" \
	    '  or name one: make clean, then make PEERS_PYTHON=/path/to/python3.12 bench-peers'; \
	fi; \
	printf '\033[1mnorrsyn\033[0m %s\n' "creating $(PEERS) with $$("$$chosen" --version)"; \
	"$$chosen" -m venv --clear $(PEERS)
