# Thin verbs. Each first makes sure that .venv holds what the locks name.
# PYTHON=/path/to/python3.11 picks the interpreter; LEADLINE_DATA_DIR moves the data.

.DEFAULT_GOAL := help
.PHONY: help install up demo test bench lint protos lock clean

BIN := .venv/bin
LOCKS := deploy/requirements/dev.lock deploy/requirements/uv.lock
# For the oldest Python that runs Leadline: what only that one needs does no harm to the others.
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11

help: ## shows this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

install: .venv/.installed ## installs what is missing into .venv

.venv/.installed: pyproject.toml $(LOCKS) deploy/local/install.sh
	@sh deploy/local/install.sh

up: .venv/.installed ## starts everything, stays until Ctrl-C
	@exec $(BIN)/leadline up

demo: .venv/.installed ## starts everything, buys a stream of leads, prints what happened
	@exec $(BIN)/leadline demo $(if $(KEEP),--keep)

test: .venv/.installed ## runs every test against real Postgres and Valkey
	@$(BIN)/python -m pytest tests --ignore=tests/bench -n auto --maxprocesses=4 --dist loadscope $(ARGS)

bench: .venv/.installed ## measures, writes .leadline/bench.json, prints ratios
	@$(BIN)/python -m tests.bench $(ARGS)

lint: .venv/.installed ## ruff, mypy, import contracts, buf lint and breaking
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd protos && ../$(BIN)/buf lint && ../$(BIN)/buf breaking --against baseline.binpb

protos: .venv/.installed ## regenerates the stubs in protos/gen
	$(BIN)/python protos/generate.py

lock: .venv/.installed ## writes the locks anew from pyproject.toml
	$(COMPILE) pyproject.toml --group dev -o deploy/requirements/dev.lock
	$(COMPILE) pyproject.toml --group build -o deploy/requirements/runtime.lock
	echo uv | $(COMPILE) - -o deploy/requirements/uv.lock

clean: ## removes all local state: data, environment, caches
	@sh deploy/local/clean.sh
