# `make` alone lists what there is. Every target sets the environment up first if it has to.

BIN := .venv/bin
PYTEST := HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q
IN_PARALLEL := -n auto --dist loadgroup --no-loadscope-reorder --durations=25

# The interpreter that .venv has, else the newest found. A named one wins: make setup PYTHON=python3.12
# When none is new enough, python3 gets to say what is missing.
PYTHON ?= $(shell for python in $(BIN)/python python3.13 python3.12 python3.11 python3; do \
    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; \
  done; echo "$$python")

# Biome checks and formats the report's page, at the version of package-lock.json. Where npm cannot
# install it, it is skipped; in CI that is an error.
define biome
if command -v npm >/dev/null && { cmp -s package-lock.json node_modules/leaderkit.lock || \
  { npm ci --silent --no-audit --no-fund --fetch-retries=1 && \
    cp package-lock.json node_modules/leaderkit.lock; }; }; \
then node_modules/.bin/biome $(1); \
elif [ -n "$$CI" ]; then echo "Biome cannot be installed: npm or its registry is missing" >&2; exit 1; \
else echo "skipped Biome (the report's JavaScript and CSS): npm or its registry is missing"; fi
endef

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser demo test test-all crash lint lint-page format bench docs docs-site clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## create .venv and install everything; does nothing if that is done
	@$(PYTHON) requirements/install.py

setup-browser: setup ## install Chromium and Playwright for tests/browser
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-nanum; \
	  else echo "setup-browser needs chromium, and root to install it: sudo apt install chromium fonts-nanum" >&2; exit 1; fi; }
	$(BIN)/pip install -q --constraint requirements/constraints.txt --group browser

demo: setup ## run the whole chain on the sample data, into out/demo
	$(BIN)/leaderkit demo --out out/demo

# vLLM binds its threads to the cores: its tests run on their own, the others on all cores at once.
test: setup ## run all tests except the slow ones
	@status=0; \
	$(PYTEST) --durations=10 -m "vllm and not slow" || status=1; \
	$(PYTEST) $(IN_PARALLEL) -m "not vllm and not slow" || status=1; \
	exit $$status

test-all: setup ## run all tests
	@status=0; \
	$(PYTEST) --durations=10 -m vllm || status=1; \
	$(PYTEST) $(IN_PARALLEL) -m "not vllm" || status=1; \
	exit $$status

crash: setup ## kill a run 20 times and check that nothing is lost
	LEADERKIT_CRASH_KILLS=20 $(PYTEST) tests/crash -m "slow or not slow"

lint: setup ## check code, types, imports, spelling, docs and links
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python docs/generate.py --check
	@$(MAKE) --no-print-directory docs-site lint-page

lint-page: ## check the report's JavaScript and CSS; needs npm
	@$(call biome,ci --error-on-warnings)

format: setup ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	@$(call biome,check --write)

bench: setup ## measure the speed of generation
	$(BIN)/python benchmarks/generate.py

docs: setup ## regenerate the pages of commands and competitions in docs/
	$(BIN)/python docs/generate.py

docs-site: setup ## build the documentation site, into out/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean: ## remove what builds and tests left behind; keeps .venv and runs/
	rm -rf out dist node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
