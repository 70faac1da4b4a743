# Two commands: `make demo` and `make test`. Each sets up everything it needs, from a machine with Python and make.
# Everything that Python needs goes into .venv; nothing is installed into the system's Python.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SUDO   := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
FRENCH := lti_tool/translations/fr/LC_MESSAGES/messages.mo
# uv trusts the authorities that it brings along, unless told to trust the machine's, as a company's proxy needs.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),1,0)
# Compiled once here, instead of by every process where Python may not write what it compiles.
export UV_COMPILE_BYTECODE ?= 1
APT     = $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get

.PHONY: help demo smoke test lint types imports check bench screenshots pictures translations lock audit clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/ready $(FRENCH)  ## The tool, a small LMS and a learning record store, on this machine
	$(BIN)/tandem demo $(DEMO)

smoke: $(VENV)/ready $(FRENCH)  ## The whole loop, by itself, over HTTP; exits 0 when all of it works
	$(BIN)/tandem demo --smoke $(DEMO)

test: $(VENV)/ready $(FRENCH) .venv-openedx/built-from node  ## Every test, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n 4 --dist worksteal $(TESTS)

lint: $(VENV)/ready  ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet lti_tool/web

types: $(VENV)/ready  ## Types, strictly
	$(BIN)/mypy

imports: $(VENV)/ready  ## Who may import whom
	$(BIN)/lint-imports

check: lint types imports test  ## All of it

bench: $(VENV)/ready $(FRENCH)  ## Measures, as ratios against named baselines
	$(BIN)/python -m bench

screenshots: $(VENV)/ready $(FRENCH)  ## Every page as a picture, phone and desktop, in FOLDER
	$(BIN)/python -m tests.browser.pages_screenshots $(or $(FOLDER),../tandem-screenshots)

pictures: $(VENV)/ready $(FRENCH)  ## The pictures of the README and the guides, in docs/images
	$(BIN)/python -m tests.browser.screenshot_guides
	$(BIN)/python -m tests.browser.screenshot_canvas

translations: $(VENV)/ready  ## Bring the French catalogue up to date with the code
	$(BIN)/pybabel -q extract -F lti_tool/translations/babel.cfg -k plural_message:1,2 --no-location --sort-output -o $(VENV)/messages.pot .
	$(BIN)/pybabel -q update -N --ignore-pot-creation-date -w 110 -i $(VENV)/messages.pot -d lti_tool/translations
	$(BIN)/pybabel -q compile -d lti_tool/translations

lock: $(VENV)/ready  ## Pin the newest versions that fit, with their hashes
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --extra redis --extra demo --extra dev pyproject.toml -o constraints.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --fork-strategy fewest tests/openedx/requirements.in -o tests/openedx/requirements.txt

audit: $(VENV)/ready  ## Known vulnerabilities in what is pinned
	$(BIN)/pip-audit --require-hashes -r constraints.txt

clean:  ## Remove what make made
	rm -rf $(VENV) .venv-openedx tests/node/node_modules

# The environment. On a bare Debian the venv module is a package of its own.
$(VENV)/ready: constraints.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { $(APT) update -qq && $(APT) install -y -qq python3; } \
		|| { echo "Python is missing. Install it with: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12"; exit 1; }
	@[ -x $(BIN)/pip ] || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) >/dev/null 2>&1; } \
		|| { rm -rf $(VENV); $(APT) update -qq && $(APT) install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); } \
		|| { rm -rf $(VENV); echo "The venv module is missing. Install it with: sudo apt-get install python3-venv"; exit 1; }
	@echo "Setting up the Python environment in $(VENV) (a minute or two, once)…"
	@awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' constraints.txt > $(VENV)/uv.txt
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r constraints.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(FRENCH): lti_tool/translations/fr/LC_MESSAGES/messages.po $(VENV)/ready
	@$(BIN)/pybabel -q compile -d lti_tool/translations && touch $@

# Open edX's LTI platform is AGPL: an environment and a process of its own, used by the tests alone.
.venv-openedx/built-from: $(VENV)/ready tests/openedx/requirements.txt tests/openedx/build_venv.py
	@echo "Setting up the independent LTI platform for the tests in .venv-openedx (once)…"
	@$(BIN)/python tests/openedx/build_venv.py .venv-openedx
	@touch $@

# What the tests need of Node; without Node they skip and say so.
.venv-openedx: .venv-openedx/built-from

.PHONY: node
node:
	@if command -v npm >/dev/null; then \
		if [ ! -e tests/node/node_modules/.ready ] || [ tests/node/package-lock.json -nt tests/node/node_modules/.ready ]; then \
			npm ci --silent --no-audit --no-fund --prefix tests/node && touch tests/node/node_modules/.ready; fi; \
	else echo "Node.js is missing: the tests that need it will be skipped. Install it with: sudo apt-get install nodejs npm"; fi
