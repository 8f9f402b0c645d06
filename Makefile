# Everything runs from a virtual environment in .venv, which make builds when it is first needed and again
# when pyproject.toml or constraints.txt change; otherwise pip is not called at all.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt
# Two test processes, however many cores there are: each may need a PostgreSQL. A file's tests go to one of them, so that
# what they share is made once; slow files go first (tests/conftest.py), which is why xdist must not sort them.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
# What `make run`, `make bench` and `make torture` pass on, as in: make run ARGS="--port 9000"
ARGS   ?=

# Tests start the program dozens of times: what was compiled once is kept, also where the environment says not to.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test torture bench check lint format types imports fix clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## Start the server, with its own PostgreSQL unless QUARTERDECK_DATABASE_URL is set
	@exec $(BIN)/quarterdeck serve $(ARGS)

# The rules of the domain are cheap to test whole, so every branch of them must be; no such figure is asked of the rest.
test: $(VENV)/.dev ## Run all tests; domain/ must be covered to the last branch
	$(PYTEST) tests/domain --cov=domain --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered
	$(PYTEST) tests --ignore=tests/domain

# The peers are installed in .venv/peers, by the program itself.
bench: $(VENV)/.runtime ## Measure ours beside what people use instead: minutes; with ARGS=--full half an hour
	@$(BIN)/python -m benchmarks.side_by_side $(ARGS)

torture: $(VENV)/.dev ## Break servers and PostgreSQL at random under load, a thousand times, and count what was lost
	@$(BIN)/python -m torture $(ARGS)

check: $(VENV)/.dev ## Lint, formatting, types, and the direction of imports, all at once
	@$(MAKE) --no-print-directory --jobs=4 --keep-going lint format types imports

lint: $(VENV)/.dev
	$(BIN)/ruff check .

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

fix: $(VENV)/.dev ## Repair what ruff can repair, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and caches; data stays
	rm -rf $(VENV) build *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: whoever only runs the server need not install the tools of those who change it.
$(VENV)/.runtime: pyproject.toml constraints.txt $(VENV)/.made
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.made
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.runtime

# A stamp, since an interrupted venv already has a python in it but no pip.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Quarterdeck needs Python 3.11 or newer; '$(PYTHON)' is not that. Try: make PYTHON=python3.12" >&2; \
	  exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@
