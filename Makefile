# `make` or `make help` lists what there is. Every target installs what it needs into .venv first; a second time that takes no time.
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c
# Without compiled bytecode every start of a process takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE
# In the dev image the environment is there already, outside of the checkout.
BIN := $(if $(DRAFT_QUEEN_CONTAINER),/opt/venv/bin,.venv/bin)
ARGS ?=
# Processes that run the tests: they wait for others and for clocks as long as they compute, so there are more than processors.
TEST_WORKERS ?= 6
# `make test-run` has these; ARGS that names files runs those.
RUN_SUITE := tests/integration/serve tests/browser
# Which of several stacks on this machine: make up INSTANCE=2. Remembered in .env.
export INSTANCE ?=
export ARGS MESSAGE
STACK := bash scripts/stack.sh

# A misspelt variable would be ignored silently. One that is named neither here nor in .env.example may be meant for a program that is
# started: nothing is refused.
ifeq ($(MAKELEVEL),0)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
ifneq ($(GIVEN),)
# Those of `make help` stand in the lines of the targets; the last ones are of this file and of the tools that install packages.
DOCUMENTED := $(patsubst %=,%,$(shell { grep '^[a-z]' Makefile; grep -s = .env.example; } | grep -oE '[A-Z][A-Z0-9_]*=')) \
  BIN TEST_WORKERS PYTHON UV_% PIP_% SHELL MAKE MAKEFLAGS
$(foreach name,$(filter-out $(DOCUMENTED),$(GIVEN)),$(shell \
  echo 'draft-queen: neither `make help` nor .env.example names $(name): check its spelling.' >&2))
endif
endif

##@ Use it

.PHONY: run
run: .run-packages ## Start everything on http://127.0.0.1:8000 (PORT=8010 moves it, FROM=dir loads real files)
	@if [ -n "$${PORT:-}" ] && ! { [ "$$PORT" -ge 1 ] && [ "$$PORT" -le 65535 ]; } 2> /dev/null; then \
	  echo "draft-queen: PORT=$$PORT is not a port: give a number from 1 to 65535." >&2; exit 2; fi; \
	if [ -n "$${FROM:-}" ] && [ ! -d "$$FROM" ]; then \
	  echo "draft-queen: FROM=$$FROM is not a folder: name the one with draft_picks.csv and combine.csv (or .parquet)." >&2; exit 2; fi; \
	exec $(BIN)/dq serve $(if $(FROM),--from "$$FROM")

.PHONY: migrate
migrate: .unix-lines ## Migrate the database to this code's schema: the stack's when it is up, else that of `make run`
	@$(STACK) check-env && if $(STACK) is-up; then docker compose run --rm --no-TTY migrate; else $(MAKE) --no-print-directory .run-packages && $(BIN)/dq db migrate; fi

##@ Use it with Docker

.PHONY: up
up: .unix-lines ## Start the development stack and show its logs; Ctrl-C stops it (INSTANCE=2 starts a second one)
	@$(STACK) follow

.PHONY: up-d
up-d: .unix-lines ## Start it in the background
	@$(STACK) up

.PHONY: tools
tools: .unix-lines ## Start Adminer and the Redis browser too, now and at every later start
	@$(STACK) tools

.PHONY: down
down: .unix-lines ## Stop it and remove its containers; the data are kept
	@$(STACK) check-engine && docker compose --profile '*' down --remove-orphans

.PHONY: .stack-running
.stack-running: .unix-lines
	@$(STACK) need-up

.PHONY: logs logs-api logs-pipeline logs-db
logs: .stack-running ## Follow the logs of all services
	@docker compose logs --follow --tail 50
logs-api: .stack-running ## Follow the API's logs
	@docker compose logs --follow --tail 50 api
logs-pipeline: .stack-running ## Follow the pipeline's logs
	@docker compose logs --follow --tail 50 pipeline
logs-db: .stack-running ## Follow the database's logs
	@docker compose logs --follow --tail 50 db

.PHONY: ps
ps: .unix-lines ## Show the containers and their state
	@$(STACK) check-engine && docker compose ps --all

.PHONY: shell
shell: .stack-running ## Open a shell in the API's container
	@docker compose exec api bash

.PHONY: attach
attach: .stack-running ## Have breakpoint() in the stack's API stop in this terminal (SERVICE=pipeline: in the pipeline)
	@docker compose exec "$${SERVICE:-api}" python -m devloop.lend

.PHONY: psql
psql: .stack-running ## Open psql on the stack's database
	@docker compose exec db psql --username draft_queen draft_queen

.PHONY: pgcli
pgcli: .stack-running ## Open pgcli, which completes names, on the stack's database
	@docker compose exec api bash -c 'PGPASSWORD=$$DATABASE_PASSWORD exec pgcli "$$DATABASE_URL"'

.PHONY: test-in-container
test-in-container: .stack-running ## Run the suite inside the API's container (ARGS="-k name" selects)
	@docker compose exec --no-TTY api make test ARGS="$$ARGS"

.PHONY: rebuild
rebuild: .unix-lines ## Build the image from scratch and start the stack with it
	@$(STACK) check-engine && docker compose build --no-cache --pull=false api && $(STACK) up

.PHONY: doctor
doctor: .run-packages ## Report what is wrong with this machine or the stack, and how to fix it
	@$(BIN)/dq doctor

##@ Deploy it

# What stands behind the target on make's command line (RELEASE=tag) is in the environment of these scripts. Written into the recipe instead, the
# quotes or spaces of a value would be read by the shell as its own.

.PHONY: secrets
secrets: .unix-lines ## Create the production secrets that are missing (DOMAIN=draft.example.org names the certificate)
	@bash scripts/secrets.sh make

.PHONY: rotate
rotate: .unix-lines ## Change a secret while the service runs: SECRET=database, backup, redis, webhook or certificate (with CERTIFICATE=file KEY=file)
	@bash scripts/rotate.sh "$${SECRET:-}"

.PHONY: deploy rollback
deploy: .unix-lines ## Build or pull this revision and deploy it without losing a request (RELEASE=tag, PULL=1, FORCE=1)
	@bash scripts/deploy.sh deploy
rollback: .unix-lines ## Go back to the previous release (RELEASE=tag: to that one)
	@bash scripts/deploy.sh rollback

.PHONY: scan
scan: .unix-lines ## Scan the production images for known vulnerabilities with trivy or grype (RELEASE=tag)
	@bash scripts/scan.sh

.PHONY: load
load: .unix-lines ## Load the files of a folder into the running stack (FROM=dir; FORCE=1 reads loaded files again, REPLACE=1 applies a held load, OLDER=1 goes back to an older release, ACCEPT_GAP=1 accepts a missing season, DRY_RUN=1 writes nothing)
	@bash scripts/load.sh

.PHONY: backup backups restore forget
backup: .unix-lines ## Back up the database now, and verify the copy by restoring it
	@bash scripts/backups.sh backup
backups: .unix-lines ## List the backups, and the times that a restore can go to
	@bash scripts/backups.sh list
restore: .unix-lines ## Restore the database (AT='2026-05-01 12:00:00+00' to that time, NAME=one to that backup, YES=1 without asking)
	@bash scripts/backups.sh restore
forget: .unix-lines ## Remove the database that the last restore kept
	@bash scripts/backups.sh forget

##@ Check it

.PHONY: test
test: .dev-packages ## Run the suite: API, pipeline, command line, pages; test-run, test-loop and test-containers are the long ones (ARGS="-k name" selects)
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(if $(findstring tests/,$(ARGS)),,$(RUN_SUITE:%=--ignore=%)) $(ARGS)

.PHONY: test-run
test-run: .dev-packages ## Test `make run` as it starts, is edited, killed and stopped, and its pages in a real Chromium (ARGS="-k name" selects)
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile $(RUN_SUITE) $(ARGS)

.PHONY: test-fast
test-fast: .dev-packages ## Run the fast tests
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not browser" $(ARGS)

.PHONY: test-recipes
test-recipes: .dev-packages ## Follow the recipes of CONTRIBUTING.md in copies of the checkout, and run its checks there (ARGS="-k name" selects)
	@RECIPE_TESTS=1 $(BIN)/pytest -n 2 --dist loadfile tests/recipes $(ARGS)

.PHONY: test-loop
test-loop: .dev-packages ## Test the development loop: reloads, broken code, killed processes, debuggers (ARGS="-k name" selects)
	@scripts/matrix.sh
	@LOOP_TESTS=1 $(BIN)/pytest -n 2 --dist loadfile tests/integration/devloop tests/unit/devloop tests/integration/serve/loop tests/browser/loop $(ARGS)

.PHONY: test-loop-long
test-loop-long: .dev-packages ## Edit random projects at random and compare with fresh processes (SEQUENCES=2000, SEED=0): an hour
	@LOOP_TESTS=1 DEVLOOP_SEQUENCES=$(or $(SEQUENCES),2000) DEVLOOP_SEED=$(or $(SEED),0) $(BIN)/pytest -n 2 tests/integration/devloop/test_trust_property.py $(ARGS)

.PHONY: test-editors
test-editors: .dev-packages ## Debug through edits with a real VS Code and a real Emacs; the first time it installs VS Code in your cache (ARGS="-k name" selects)
	@scripts/editors.sh
	@EDITOR_TESTS=1 $(BIN)/pytest tests/editors $(ARGS)

.PHONY: test-containers
test-containers: .dev-packages ## Test the real containers; needs a Docker engine (ARGS="-k name" selects)
	@CONTAINER_TESTS=1 $(BIN)/pytest tests/containers $(ARGS)

.PHONY: test-suite-inside
test-suite-inside: .dev-packages ## Run the suite inside the dev image, on a checkout that is mounted read-only; needs a Docker engine
	@CONTAINER_TESTS=suite $(BIN)/pytest tests/containers $(ARGS)

.PHONY: test-production test-production-quick
test-production: .dev-packages ## Test the production stack: updates, faults, backups and changed secrets under load; needs a Docker engine
	@PRODUCTION_TESTS=1 $(BIN)/pytest tests/containers $(ARGS)
test-production-quick: .dev-packages ## Run the part of it that takes minutes: start, TLS, limits, headers, streams
	@PRODUCTION_TESTS=quick $(BIN)/pytest tests/containers $(ARGS)

.PHONY: check
check: lint typecheck docs-check migrations-check ## Run every check but the tests: style, types, documents, migrations

.PHONY: lint .lint-words .lint-shell .lint-containers
lint: .dev-packages ## Check style, import directions, shell scripts and wording
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(MAKE) --no-print-directory .lint-words .lint-shell .lint-containers

# Words that are never right in this project's English (CONTRIBUTING.md, "Conventions"), except "there is no", "is no longer" and the user nobody.
# Decisions are a record, and names of tests are statements.
.lint-words:
	@if git grep -IinwE 'anew|for ever|nobody|somebody|whoever|everybody|beside|(is|are|was|were) no' -- . ':!tests' ':!docs/decisions' ':!Makefile' ':!*.txt' \
	  | grep -vE '[Tt]here (is|are|was|were) no |no longer|(as |user |["`])nobody|exports-beside'; then \
	  echo 'These lines use a word that this project avoids: name the subject, or write "next to", "again", "indefinitely" or "is not a".' >&2; exit 1; fi

# Parts of it by themselves, as the hooks want them.
.lint-shell:
	@$(BIN)/shellcheck --external-sources scripts/*.sh docker/*.sh docker/build/*.sh docker/postgres/init/*.sh docker/backup/fetch-wal.sh .devcontainer/*.sh .ci/run
	@$(BIN)/shellcheck --external-sources --check-sourced docker/backup/backup.sh
.lint-containers:
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; else echo "hadolint is not available for this platform (or not in this image): the Dockerfile was not checked."; fi
	@if [ -x $(BIN)/zizmor ]; then $(BIN)/zizmor --quiet --offline .github/workflows; else echo "zizmor is not available for this platform (or not in this image): the workflows were not checked."; fi

.PHONY: typecheck
typecheck: .dev-packages ## Check types strictly
	@$(BIN)/mypy

.PHONY: docs-check
docs-check: .dev-packages ## Check that generated documents are current
	@$(BIN)/python -m scripts.generated_docs --check

.PHONY: migrations-check
migrations-check: .dev-packages ## Check that models and migrations agree, with one head (two seconds)
	@$(BIN)/python -m scripts.migrations check

.PHONY: bench
bench: .dev-packages ## Measure speed against plain alternatives in the same run (ARGS=name selects)
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-containers
bench-containers: .dev-packages ## Measure sizes, build times, starts and idle cost of the containers; empties Docker's build cache
	@$(STACK) check-engine && $(BIN)/python -m benchmarks.containers

.PHONY: bench-devloop
bench-devloop: $(if $(filter container,$(IN)),.unix-lines,.dev-packages) ## Measure reload and debugger against plain uvicorn; IN=container: in the dev image, where the targets apply
	@if [ "$(IN)" = container ]; then $(STACK) check-engine && docker compose build --quiet api \
	  && docker compose run --rm --no-deps --no-TTY api make bench-devloop IN= ARGS="$$ARGS"; \
	else $(BIN)/python -m devloop_benchmarks $(ARGS); fi

.PHONY: compare-devloop
compare-devloop: .dev-packages ## Measure the development loop against other reloaders, 20 minutes (ARGS=part selects; the first time they are downloaded)
	@$(BIN)/python -m devloop_benchmarks.compare $(ARGS)

##@ Work on it

.PHONY: format
format: .dev-packages ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# They compare with a scratch database. In the stack's container where that runs: such a machine needs no Python of its own.
.PHONY: revision merge-heads
revision: .unix-lines ## Write the migration from the last one to app/db/models.py as it is now (MESSAGE="add trades"); needs no stack
	@test -n "$$MESSAGE" || { echo 'draft-queen: MESSAGE is empty; say what the migration does: make revision MESSAGE="add trades"' >&2; exit 2; }
	@$(STACK) check-env && if $(STACK) is-up; then docker compose exec --no-TTY --env MESSAGE="$$MESSAGE" api make revision; \
	else $(MAKE) --no-print-directory .dev-packages && $(BIN)/python -m scripts.migrations new "$$MESSAGE"; fi
merge-heads: .unix-lines ## Write an empty migration that joins the heads of two branches
	@$(STACK) check-env && if $(STACK) is-up; then docker compose exec --no-TTY api make merge-heads; \
	else $(MAKE) --no-print-directory .dev-packages && $(BIN)/python -m scripts.migrations merge; fi

.PHONY: service
service: .dev-packages ## Add a service with hot reload, debugger, health check and test (NAME=standings); docs/adding-a-service.md
	@$(BIN)/python -m scripts.new_service "$${NAME:-}" && $(BIN)/python -m scripts.generated_docs

.PHONY: docs
docs: .dev-packages ## Generate .env.example, docs/settings.md and docs/data-dictionary.md
	@$(BIN)/python -m scripts.generated_docs

.PHONY: hooks
hooks: .dev-packages ## Install Git hooks that run the checks at every commit
	@scripts/install_hooks.sh

.PHONY: install
install: .dev-packages ## Create .venv with everything needed to run, test and check

.PHONY: lock
lock: .run-packages ## Compile the lock files from pyproject.toml (ARGS=--upgrade takes the newest)
	@scripts/lock.sh $(ARGS)

.PHONY: clean
clean: .unix-lines ## Remove .venv, caches, the data in .data, and the stack's containers and volumes, after asking
	@scripts/clean.sh

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: .run-packages .dev-packages
.run-packages: .unix-lines
	@$(if $(DRAFT_QUEEN_CONTAINER),true,scripts/bootstrap.sh run)
.dev-packages: .unix-lines
	@$(if $(DRAFT_QUEEN_CONTAINER),true,scripts/bootstrap.sh dev)

# Scripts with Windows line ends fail with messages that do not name the cause.
.PHONY: .unix-lines
.unix-lines:
	@if LC_ALL=C grep -qs "$$(printf '\r')" scripts/bootstrap.sh scripts/stack.sh; then \
	  echo "draft-queen: this checkout has Windows line ends: run 'git config core.autocrlf input', then 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost)." >&2; exit 1; fi
