# Every command a user or contributor needs; `make` alone lists them.
# Paths are relative, so that the checkout may lie anywhere, spaces included.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
SHELL := /bin/sh

# Versions known to work come first. PYTHON=… on the command line goes before them all.
PYTHONS := $(PYTHON) python3.11 python3.12 python3.13 python3
VENV_PYTHON := .venv/bin/python
PIP_INSTALL := $(VENV_PYTHON) -m pip --disable-pip-version-check --no-input install --quiet

# A stamp says what .venv holds. The checkout's path is in its name, since a .venv that was moved is broken.
HERE := $(firstword $(shell pwd -P | cksum))
RUNTIME := .venv/runtime-$(HERE)
DEV := .venv/dev-$(HERE)
BENCH := .venv/bench-$(HERE)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: venv
venv: $(RUNTIME) ## Make .venv with what hydratrace needs to run
	@echo '.venv is ready: .venv/bin/hydratrace --help'

.PHONY: dev
dev: $(DEV) ## Make .venv with what work on hydratrace needs as well
	@echo '.venv is ready: make test, make check'

.PHONY: demo
demo: $(RUNTIME) ## Run the whole path on simulated events
	@.venv/bin/hydratrace demo

# Two processes: what waits for the broker runs beside what computes. tests/conftest.py says what stays together.
SIDE_BY_SIDE := --numprocesses 2 --no-loadscope-reorder

.PHONY: test
test: $(DEV) ## Run the tests, with a real Kafka broker when a JRE 17+ and Maven are there
	@rm -f .cache/tests-not-run; $(VENV_PYTHON) -m pytest --quiet $(SIDE_BY_SIDE); status=$$?; \
	if [ -f .cache/tests-not-run ]; then echo; cat .cache/tests-not-run; fi; exit $$status

.PHONY: test-run
test-run: $(DEV) ## Test hydratrace run on a real Kafka broker, killed and started again (JRE 17+ and Maven; 1 minute)
	@$(VENV_PYTHON) -m pytest --quiet -m served tests/integration/service

.PHONY: test-flink
test-flink: $(DEV) ## Test landing on a real Flink, whose parts are killed in turn (JRE 17+ and Maven; 5 minutes)
	@rm -f .cache/tests-not-run; $(VENV_PYTHON) -m pytest --quiet -m flink tests/integration/flink; status=$$?; \
	if [ -f .cache/tests-not-run ]; then echo; cat .cache/tests-not-run; fi; exit $$status

.PHONY: flink
flink: $(RUNTIME) ## Start a local Flink to land on (JRE 17+ and Maven); make flink SLOTS=4 for more than 2 task slots
	@$(VENV_PYTHON) -m tests.integration.flink.local start $(SLOTS)

.PHONY: flink-stop
flink-stop: $(RUNTIME) ## End what make flink has started, and nothing else
	@$(VENV_PYTHON) -m tests.integration.flink.local stop

BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome

.PHONY: browser
browser: ## Install Chromium where there is none, for the tests that open a report (Debian, as root)
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; \
	else \
		echo 'install Chromium, so that one of these is on PATH: $(BROWSERS)' >&2; exit 1; \
	fi

.PHONY: bench
bench: $(DEV) ## Measure what landing costs beside its rivals, over a real Kafka broker (minutes)
	@$(VENV_PYTHON) -m tests.bench.landing

.PHONY: bench-flink
bench-flink: $(DEV) ## Measure what landing on Flink costs, beside micro-batches and the bare clients (15 minutes)
	@$(VENV_PYTHON) -m tests.bench.flink

.PHONY: soak
soak: $(DEV) ## Kill all that landing on Flink consists of, 100 times, while 500,000 events land (an hour)
	@$(VENV_PYTHON) -m tests.integration.flink.soak

.PHONY: trickle
trickle: $(DEV) ## Watch the memory and the checkpoints of a job on Flink to which few events come, for 30 minutes
	@$(VENV_PYTHON) -m tests.integration.flink.trickle

.PHONY: bench-signups
bench-signups: $(DEV) ## Measure what live matches cost an event, and sign-up bursts a million sign-ups (minutes)
	@$(VENV_PYTHON) -m tests.bench.signups

.PHONY: bench-alerts
bench-alerts: $(DEV) ## Measure how soon a hook hears of an event, with hydratrace run on a real Kafka broker (10 minutes)
	@$(VENV_PYTHON) -m tests.bench.alerts

.PHONY: bench-queries
bench-queries: $(DEV) ## Measure publishing and lookups on 20 million requests: 15 minutes, 10 GB of disk
	@$(VENV_PYTHON) -m tests.bench.queries

.PHONY: bench-link
bench-link: $(BENCH) ## Measure linking up to 1,000,000 accounts and 20 million requests beside Splink
	@$(VENV_PYTHON) -m tests.bench.link

.PHONY: check
check: $(DEV) ## Check format, lint, types, layers and generated documents
	@$(VENV_PYTHON) -m ruff format --check --quiet . || { echo 'some files are not formatted: run make format' >&2; exit 1; }
	@$(VENV_PYTHON) -m ruff check --quiet .
	@$(VENV_PYTHON) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo --cache-dir .cache/import-linter
	@$(VENV_PYTHON) -m queries.document --check docs

.PHONY: check-deploy
check-deploy: $(DEV) ## Check deploy/ with validators that are built once, in minutes (Go, JRE 17+ and Maven)
	@$(VENV_PYTHON) -m tests.deploy.validators
	@$(VENV_PYTHON) -m pytest --quiet -m deploy tests/deploy

.PHONY: format
format: $(DEV) ## Format the code, mend what lint can mend
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet .
	@$(VENV_PYTHON) -m ruff format --quiet .

.PHONY: docs
docs: $(DEV) ## Write the generated documents again
	@$(VENV_PYTHON) -m queries.document docs

.PHONY: evaluate
evaluate: $(BENCH) ## Measure quality on held-out simulated providers, write docs/quality.md
	@.venv/bin/hydratrace evaluate --out queries/evaluation/measured.json
	@$(VENV_PYTHON) -m queries.document docs

.PHONY: clean
clean: ## Remove all that was made, .venv and caches too
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist demo-lake
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Locks hold the hashes of all platforms. The resolver has an environment of its own: it is no part of the project.
COMPILE := CUSTOM_COMPILE_COMMAND='make lock' .cache/lock/bin/python -m piptools compile --quiet --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --build-deps-for editable

.PHONY: lock
lock: $(RUNTIME) ## Resolve pyproject.toml into the requirements files again
	@$(VENV_PYTHON) -m venv .cache/lock
	@.cache/lock/bin/python -m pip --disable-pip-version-check install --quiet pip-tools==7.6.2
	@$(COMPILE) --output-file requirements.txt pyproject.toml
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	@$(COMPILE) --extra dev --extra bench --constraint requirements-dev.txt --output-file requirements-bench.txt pyproject.toml
	@awk '/^[a-z]/ { wanted = /^(confluent-kafka|maxminddb)==/ } wanted' requirements-dev.txt >deploy/extras.txt

$(RUNTIME): requirements.txt pyproject.toml
	@$(make_venv)
	@echo 'installing what hydratrace needs into .venv (once; 900 MB)'
	@$(PIP_INSTALL) --require-hashes --requirement requirements.txt
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo 'installing what the tests and checks need into .venv'
	@$(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt
	@touch $@

$(BENCH): requirements-bench.txt $(DEV)
	@$(PIP_INSTALL) --require-hashes --requirement requirements-bench.txt
	@touch $@

# Keeps a .venv that works and bears no stamp of another place; otherwise makes one with the first Python that is new
# enough and has venv.
define make_venv
if $(VENV_PYTHON) -c 'import pip' 2>/dev/null && ! ls .venv | grep '^runtime-' | grep -qv -- '-$(HERE)$$'; then \
	exit 0; \
fi; \
for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	new_enough=$$python; \
	"$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
	exec "$$python" -m venv --clear .venv; \
done; \
if [ -n "$$new_enough" ]; then \
	echo "$$new_enough lacks the modules venv and ensurepip: install them (on Debian and Ubuntu: python3-venv)" >&2; \
else \
	echo 'hydratrace needs Python 3.11 or newer: none of $(strip $(PYTHONS)) is on PATH and new enough; name one: make venv PYTHON=/path/to/python' >&2; \
fi; \
exit 1
endef
