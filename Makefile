# `make` alone lists what there is. Every target sets the environment up first if it has to.

BIN := .venv/bin
PYTEST := HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

# The interpreter that .venv has, else the newest found. A named one wins: make setup PYTHON=python3.12
# When none is new enough, python3 gets to say what is missing.
PYTHON ?= $(shell for python in $(BIN)/python python3.13 python3.12 python3.11 python3; do \
    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; \
  done; echo "$$python")

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser demo test test-all crash lint format bench docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv and install everything in it; does nothing when that is done
	@$(PYTHON) requirements/install.py

setup-browser: setup ## what tests/browser needs: Debian's chromium, and Playwright in .venv
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-nanum; \
	  else echo "setup-browser needs chromium, and root to install it: sudo apt install chromium fonts-nanum" >&2; exit 1; fi; }
	$(BIN)/pip install -q --constraint requirements/constraints.txt --group browser

demo: setup ## the whole chain on the sample data, into out/demo
	$(BIN)/leaderkit demo --out out/demo

test: setup ## all tests but the slow ones
	$(PYTEST) -q -m "not slow"

test-all: setup ## all tests
	$(PYTEST) -q

crash: setup ## kill a run 20 times over and look at what is left
	LEADERKIT_CRASH_KILLS=20 $(PYTEST) -q tests/crash -m "slow or not slow"

lint: setup ## everything that is checked without running the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

format: setup ## fix what ruff can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## speed of generation
	$(BIN)/python benchmarks/generate.py

docs: setup ## write the generated pages of docs/ again
	$(BIN)/python docs/generate.py

clean: ## remove what builds and tests left; keeps .venv and runs/
	rm -rf out dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
