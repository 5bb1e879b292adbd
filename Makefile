# One environment for everything, made on first use: .venv
#
#     PYTHON=python3.12 make test       another Python
#     make test ARGS="tests/proxy -x"   some tests, with any of pytest's options
#     PORT=9000 make demo               another port

PYTHON ?= python3
ARGS ?=
# Two a core: tests wait for Hubs more than they compute.
WORKERS ?= $(shell expr $$(nproc) '*' 2)
PYTEST := pytest -q -n $(WORKERS) --maxprocesses 8 --dist loadgroup $(ARGS)

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>&1)
STAMP := .venv/.made-$(VERSION)
STAMP_HUB5 := .venv-hub5/.made-$(VERSION)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help environment demo demo-ha test lint format settings screenshots coverage build hub5 clean

help: ## say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## (.*)/make \1\t\2/' | expand -t 20

environment: $(STAMP) ## make or renew .venv

$(STAMP): pyproject.toml scripts/environment
	@scripts/environment .venv "$(PYTHON)" -e '.[all]' --group test --group lint
	@touch $@

demo: $(STAMP) ## run a whole JupyterHub on http://127.0.0.1:8000
	@exec $(BIN)/python example/quickstart/demo.py

demo-ha: $(STAMP) ## run one that outlives the death of its parts
	@exec $(BIN)/python example/high-availability/demo.py

test: $(STAMP) ## run all tests, in parallel
	@$(BIN)/$(PYTEST)

lint: $(STAMP) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks scripts/*.py example/quickstart/demo.py

format: $(STAMP) ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

settings: $(STAMP) ## write docs/settings.md from the code
	@$(BIN)/python -m jupyterhub_suite.settings_page > docs/settings.md

screenshots: $(STAMP) ## take the pictures of example/README.md anew, with Docker
	@SCREENSHOTS=$(CURDIR)/example/images $(BIN)/pytest -q tests/example $(ARGS)

coverage: $(STAMP) ## run all tests, and tell which lines none of them reached
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m $(PYTEST)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage html -q --fail-under=0
	@$(BIN)/coverage report

build: $(STAMP) ## make wheel and sdist, and try the wheel in an empty environment
	@rm -rf build dist
	$(BIN)/python -m build
	scripts/try-wheel dist/*.whl

hub5: $(STAMP_HUB5) ## make or renew .venv-hub5, for tests against JupyterHub 5

$(STAMP_HUB5): pyproject.toml scripts/environment
	@scripts/environment .venv-hub5 "$(PYTHON)" -e '.[all]' 'jupyterhub<6' --group test
	@touch $@

clean: ## remove all that was made here
	rm -rf .venv .venv-* .demo .demo-ha .cache .*_cache .hypothesis build dist htmlcov .coverage .coverage.* *.egg-info tests/failures
	find . -name __pycache__ -prune -exec rm -rf {} +
