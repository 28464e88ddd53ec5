# Every target works in a fresh clone, as root or not, without a terminal.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export VERSION APPROVE

.DEFAULT_GOAL := help
.PHONY: help demo test lint setup lock bench chaos clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1:\2/p' Makefile | awk -F: '{ printf "  %-12s %s\n", $$1, $$2 }'

demo: $(READY) ## take an application live in the Prefect UI; VERSION=broken sees one undone, APPROVE=yes asks nobody
	@$(BIN)/python -m examples.demo

test: setup lint ## set up, lint and run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(READY) ## style, types, import rules, lock
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if grep -n '://' requirements.lock; then echo 'requirements.lock: names an address, expected none; run make lock' >&2; exit 1; fi

setup: ## install what the tests need beyond Python, or say what is missing
	@sh tests/setup.sh

chaos: setup $(READY) ## kill everything at every boundary of a release; 40 minutes at most
	@$(BIN)/python -m tests.chaos

lock: $(BIN)/uv ## resolve the dependencies for all Pythons at once; UPGRADE=--upgrade takes newer ones
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --all-extras $(UPGRADE) pyproject.toml -o requirements.lock

bench: $(READY) ## compare with ssh, rsync and Ansible
	@$(BIN)/python -m benchmarks

clean: ## remove all that was made here
	@rm -rf .venv .demo build-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv: # not $(READY) itself: the lock may be out of date just now
	@$(MAKE) $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "make: PYTHON=$(PYTHON) is $$($(PYTHON) --version 2>&1 || :), expected Python 3.11, 3.12 or 3.13;" \
			"name one, such as: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into .venv from requirements.lock (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
