# One command sets up and runs, one tests everything; CI calls the same ones.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
TRIAL_SECONDS ?= 3600

.DEFAULT_GOAL := help
.PHONY: help run demo test lint types contracts unit bench trial compare fix catalogue clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/.run ## serve the shipped rules.yaml on 127.0.0.1:5335, with the log in ./data
	$(BIN)/dinnerbell --rules rules.yaml --data data run --listen 127.0.0.1:5335

demo: $(VENV)/.run ## play a week of a fictional nursery through the real server, and show its report
	$(BIN)/dinnerbell --data data demo

test: lint types contracts unit ## everything: lint, types, import contracts, tests, the built wheel

lint: $(VENV)/.dev ## ruff, and the catalogue with the shipped rules.yaml
	$(BIN)/ruff check .
	$(BIN)/dinnerbell --rules rules.yaml services lint

types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy

contracts: $(VENV)/.dev ## import-linter: the pure core imports no shell
	$(BIN)/lint-imports

unit: $(VENV)/.dev ## every test, over real sockets
	sh tests/install-tools
	$(BIN)/pytest -n 2 -q

bench: $(VENV)/.dev ## CPU per query and delays beside other servers, in one run (LONG=1: devices and lists, too)
	sh tests/install-tools dnsperf:dnsperf dnsdist:dnsdist pdns_recursor:pdns-recursor kresd:knot-resolver
	$(BIN)/python bench/dns.py
	$(if $(LONG),$(BIN)/python bench/scale.py)
	$(BIN)/python bench/decide.py
	$(BIN)/python bench/lists.py
	$(BIN)/python bench/proxy.py

trial: $(VENV)/.dev ## an hour (TRIAL_SECONDS) of load with kill -9, reloads, floods, noise and a jumping clock
	$(BIN)/python bench/trial $(TRIAL_SECONDS)

compare: $(VENV)/.dev ## 5,000 answers beside unbound's: every difference is a meant one
	sh tests/install-tools
	$(BIN)/python bench/compare

fix: $(VENV)/.dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .

catalogue: $(VENV)/.run ## make docs/catalogue.md anew from dinnerbell/services
	$(BIN)/dinnerbell services table > docs/catalogue.new && mv docs/catalogue.new docs/catalogue.md

clean: ## remove the environments and caches (never ./data)
	rm -rf .venv .venv-* dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable . --group dev
	touch $@ $(VENV)/.run
