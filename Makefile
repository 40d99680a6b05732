# `make` or `make help` lists what there is. Every target installs what it needs into .venv first; a second time that takes no time.
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c
# Without compiled bytecode every start of a process takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
ARGS ?=

##@ Use it

.PHONY: run
run: .run-packages ## Start everything on http://127.0.0.1:8000 (PORT=8010 moves it, FROM=dir loads real files)
	@exec $(BIN)/dq serve $(if $(FROM),--from "$$FROM")

.PHONY: migrate
migrate: .run-packages ## Bring the database to the schema of this code
	@$(BIN)/dq db migrate

##@ Check it

.PHONY: test
test: .dev-packages ## Run the whole suite that needs no Docker (ARGS="-k name" selects)
	@$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

.PHONY: test-fast
test-fast: .dev-packages ## Run the tests that take no longer than a moment
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not slow and not browser" $(ARGS)

.PHONY: check
check: lint typecheck docs-check ## Everything that reads the code without running it

.PHONY: lint
lint: .dev-packages ## Style, import directions, shell scripts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/shellcheck scripts/*.sh .ci/run

.PHONY: typecheck
typecheck: .dev-packages ## Types, strictly
	@$(BIN)/mypy

.PHONY: docs-check
docs-check: .dev-packages ## Generated documents are current
	@$(BIN)/python -m scripts.settings_docs --check

.PHONY: bench
bench: .dev-packages ## Measure speed against plain alternatives in the same run (ARGS=name selects)
	@$(BIN)/python -m benchmarks $(ARGS)

##@ Work on it

.PHONY: format
format: .dev-packages ## Put the code into its one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: docs
docs: .dev-packages ## Write .env.example and docs/settings.md from the settings
	@$(BIN)/python -m scripts.settings_docs

.PHONY: hooks
hooks: .dev-packages ## Run the checks at every commit
	@$(BIN)/pre-commit install

.PHONY: install
install: .dev-packages ## Make .venv with everything that running, tests and checks need

.PHONY: lock
lock: .run-packages ## Compile the lock files from pyproject.toml (ARGS=--upgrade takes the newest)
	@scripts/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove .venv, caches and the data in .data, after asking
	@scripts/clean.sh

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: .run-packages .dev-packages
.run-packages:
	@scripts/bootstrap.sh run
.dev-packages:
	@scripts/bootstrap.sh dev
