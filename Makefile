# Every target works in a fresh clone, as root or not, without a terminal.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
MINISTACK := .venv/ministack/ready
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate
export VERSION APPROVE
unexport PYTHONDONTWRITEBYTECODE # each of the many processes would compile all of Sendoff

.DEFAULT_GOAL := help
.PHONY: help demo up-production-like test test-image lint setup lock bench chaos clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1:\2/p' Makefile | awk -F: '{ printf "  %-24s %s\n", $$1, $$2 }'

demo: $(READY) ## take an application live in the Prefect UI; VERSION=broken sees one undone, APPROVE=yes asks nobody
	@$(BIN)/python -m examples.demo

up-production-like: $(READY) ## start the parts of a production on this machine, and what dies again
	@$(BIN)/python -m examples.production

test: setup lint ## set up, lint and run all tests
	@$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not image and not chaos"
	@$(BIN)/python -m pytest -m chaos tests/chaos

test-image: $(READY) ## build the image of docker/ and run the production wiring from it; as root, takes minutes
	@sh tests/setup.sh buildah=buildah debootstrap=debootstrap initdb=postgresql redis-server=redis-server \
		haproxy=haproxy ip=iproute2 nsenter=util-linux
	@$(BIN)/python -m pytest -m image tests/docker

lint: $(READY) ## style, types, import rules, lock
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if grep -n '://' requirements.lock tests/kit/ministack.txt; then echo 'a lock names an address, expected none; run make lock' >&2; exit 1; fi

setup: $(MINISTACK) ## install what the tests need beyond the lock, or say what is missing
	@sh tests/setup.sh

chaos: setup $(READY) ## kill everything at every boundary of a release; 40 minutes at most
	@$(BIN)/python -m tests.chaos

lock: $(BIN)/uv ## resolve the dependencies for all Pythons at once; UPGRADE=--upgrade takes newer ones
	@$(COMPILE) --generate-hashes --all-extras $(UPGRADE) pyproject.toml -o requirements.lock
	@$(COMPILE) --constraints requirements.lock --extra production pyproject.toml -o docker/packages.txt
	@$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" | \
		$(COMPILE) --constraints requirements.lock - -o docker/build-tools.txt
	@echo 'ministack>=1.5.33,<2' | $(COMPILE) --generate-hashes $(UPGRADE) - -o tests/kit/ministack.txt

bench: $(READY) ## compare with ssh, rsync and Ansible; time what an approval sets off
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.approvals

clean: ## remove all that was made here
	@rm -rf .venv .demo .production build-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
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

$(MINISTACK): tests/kit/ministack.txt | $(READY) # it pins botocore, which Sendoff needs newer
	@echo "Installing into .venv/ministack from tests/kit/ministack.txt (once)"
	@$(PYTHON) -m venv .venv/ministack
	@.venv/ministack/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
