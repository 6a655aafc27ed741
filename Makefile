# What a contributor types. Needs Python 3.10 or newer and make; everything else is fetched into $(VENV).
# Every target may be run again at any time.

VENV ?= .venv
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$python && break; done)
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST_ARGS ?= -n auto --dist worksteal
# Where this is set, each of the tests' many processes would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo tour test test-all engines clients matrix chaos lint docs bench clean

help:
	@echo "make demo      try it in the browser, on a sandbox instead of the real platforms"
	@echo "make tour      the same without a browser: connect, publish, look"
	@echo "make test      linters, types, layers and tests"
	@echo "make test-all  the same on every Python and Django we support (tox)"
	@echo "make engines   the long tests of Celery and the like, on brokers and databases that misbehave"
	@echo "make clients   other people's clients of the platforms, each on the sandbox"
	@echo "make matrix    every fault at every call, a kill at every point (a part: MATRIX_ARGS=\"--cells 200\")"
	@echo "make chaos     a thousand posts at once while workers are killed and frozen"
	@echo "make lint      linters, types and layers only"
	@echo "make bench     how fast it is"
	@echo "make docs      build the documentation into site/"
	@echo "make clean     remove what these commands made, the demo's data included"

demo: $(VENV)/.runtime
	@exec $(BIN)/python example_project/manage.py demo

tour: $(VENV)/.runtime
	@exec $(BIN)/python example_project/manage.py tour $(TOUR_ARGS)

test: lint
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: $(VENV)/.development
	$(BIN)/python -m tox

# On each database that can be reached; the brokers are those of the other tests.
engines: $(VENV)/.development
	@for database in sqlite: "$${CONNECTED_ACCOUNTS_TEST_POSTGRESQL:-postgresql://postgres@127.0.0.1:5432/}" \
			"$${CONNECTED_ACCOUNTS_TEST_MARIADB:-mariadb://root@127.0.0.1:3306/}"; do \
		echo "$$database"; \
		CONNECTED_ACCOUNTS_TEST_DATABASE="$$database" $(BIN)/python -m pytest tests/engines -m "engines or not engines" || exit; \
	done

clients: $(VENV)/.clients
	$(BIN)/python -m pytest tests/clients -m clients

matrix: $(VENV)/.development
	$(BIN)/python -m tests.matrix $(MATRIX_ARGS)

# On each database that can be reached, SQLite with fewer posts: workers are killed, then frozen, also on platforms
# that give no handle. Then stories told at random.
chaos: $(VENV)/.development
	@for database in "$${CONNECTED_ACCOUNTS_TEST_POSTGRESQL:-postgresql://postgres@127.0.0.1:5432/}" \
			"$${CONNECTED_ACCOUNTS_TEST_MARIADB:-mariadb://root@127.0.0.1:3306/}" sqlite:; do \
		posts=1000; [ "$$database" != sqlite: ] || posts=200; \
		export CONNECTED_ACCOUNTS_TEST_DATABASE="$$database"; \
		$(BIN)/python -m tests.reliability --posts $$posts $(CHAOS_ARGS) || exit; \
		for platform in instagram_login:photo twitter:text linkedin:text; do \
			$(BIN)/python -m tests.reliability --platform $${platform%:*} --kind $${platform#*:} --posts $$posts \
				--kill-every 0 --freezes 40 --freeze-before-sending 0.02 $(CHAOS_ARGS) || exit; \
		done; \
	done
	CONNECTED_ACCOUNTS_TEST_EXAMPLES=200 $(BIN)/python -m pytest -q tests/services/test_publishing_states.py

lint: $(VENV)/.development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.development
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.bench
	@for bench in $(basename $(notdir $(wildcard tests/benchmarks/bench_*.py))); do \
		$(BIN)/python -m tests.benchmarks.$$bench || exit; done

clean:
	rm -rf $(VENV) .tox build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf example_project/.demo
	find src tests example_project -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed, and none was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; $(PYTHON) is older."; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) ..."; $(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
		echo "Making a virtual environment failed; on Debian and Ubuntu, run: apt-get install python3-venv"; exit 1; }
	@echo "Installing the package ..."
	@$(INSTALL) --upgrade pip
	@$(INSTALL) --editable .
	@touch $@

# Without these it measures the rest, and says what it skips.
$(VENV)/.bench: $(VENV)/.development
	-@$(INSTALL) --group bench && touch $@

$(VENV)/.clients: $(VENV)/.development
	@$(INSTALL) --group clients
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	@echo "Installing what tests, linters and documentation need ..."
	@$(INSTALL) --group test --group lint --group docs --group tox
	@touch $@
