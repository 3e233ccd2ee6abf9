# `make demo` and `make test` set up everything they need on a fresh Debian or Ubuntu host; `make help` lists all targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
READY  := $(VENV)/.installed
CORES  := $(shell getconf _NPROCESSORS_ONLN)
PYTEST := $(BIN)/python -u -m pytest --quiet
SIDE_BY_SIDE = $(MAKE) --no-print-directory --keep-going --jobs=$(CORES)
LINTERS := lint-types lint-style lint-imports lint-shell lint-labs lint-workflows lint-changelog
# What 'make affected' compares with, and how many minutes it may take: the other tiers leave this much of 40 minutes.
AFFECTED_BY ?= $(shell .ci/base-revision)
BUDGET ?= 12
REPORT_OPTION = $(if $(REPORT),--report '$(REPORT)')
SHELL_FILES := $(wildcard .ci/*) $(wildcard labs/*/setup.sh) \
	$(filter-out %.yml %/labs-agent,$(wildcard runner/images/recipes/*/labs-*)) $(wildcard runner/images/recipes/*/docker-entrypoint.sh) \
	runner/images/recipes/wordpress/apache2-foreground runner/images/recipes/node/bashrc \
	$(wildcard runner/drivers/uml/*.sh runner/drivers/uml/vm/*.sh runner/progress/*.sh) $(addprefix runner/grading/bundles/gradescope/,setup.sh run_autograder) runner/lessons/template/setup.sh \
	$(shell grep -rlE '^\#! ?/(usr/)?bin/(env )?(ba)?sh' labs/*/files)

# Many containers set this variable. Here it would make thousands of processes compile the same modules again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo unit unit-tests lint $(LINTERS) cli browser docker uml node-packages images-docker images-uml course affected prove test coverage fuzz dist bench clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two installations of Debian packages would lock each other out, so the first one has ended when the second one starts.
demo:  ## Start swarm-basics and play its lesson, with checks after each step
	@WANT_NODES=no PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(SIDE_BY_SIDE) $(RUNTIME) node-packages
	@echo '== 1/5  Building images for the nodes (two minutes the first time)'
	@$(BIN)/labs images build swarm-basics
	@echo '== 2/5  Checking this computer'
	@$(BIN)/labs doctor || true
	@echo '== 3/5  Starting three Docker nodes'
	@$(BIN)/labs start swarm-basics
	@echo '== 4/5  Running the commands of the lesson'
	@$(BIN)/labs play swarm-basics
	@echo '== 5/5  Checking the cluster'
	@$(BIN)/labs check swarm-basics
	@echo
	@echo 'Now it is your turn. Add labs to the PATH of this terminal, then try:'
	@echo '  export PATH="$(abspath $(BIN)):$$PATH"'
	@echo '  labs shell node1     open a terminal on the manager, and try docker node ls'
	@echo '  labs reset           start fresh nodes, to follow the lesson yourself'
	@echo '  labs show            read the lesson'
	@echo '  labs rm              remove the nodes'

unit: $(READY)  ## Lint, and run the tests that need no nodes, engine or browser: green in a minute
	@$(SIDE_BY_SIDE) unit-tests $(LINTERS)

unit-tests: $(READY)
	@$(PYTEST) --numprocesses=$(CORES) --dist=worksteal tests/unit

lint: $(READY)  ## Check style, types, import layers, shell files, lessons, workflows and changelog fragments
	@$(SIDE_BY_SIDE) $(LINTERS)
	@echo 'ruff, mypy, import-linter, shellcheck, labs lint, zizmor and towncrier found no problems.'

# Linters run side by side, so each one shows its output only if it fails, and then all at once.
SHOW_FAILURE = >$(VENV)/$@.log 2>&1 || { cat $(VENV)/$@.log; exit 1; }
lint-style: $(READY)
	@{ $(BIN)/ruff check . && $(BIN)/ruff format --check .; } $(SHOW_FAILURE)
lint-types: $(READY)
	@$(BIN)/mypy $(SHOW_FAILURE)
lint-imports: $(READY)
	@$(BIN)/lint-imports --no-logo $(SHOW_FAILURE)
lint-shell: $(READY)
	@$(BIN)/shellcheck $(SHELL_FILES) $(SHOW_FAILURE)
lint-labs: $(READY)
	@$(BIN)/labs lint --all $(SHOW_FAILURE)
lint-workflows: $(READY)
	@$(BIN)/zizmor --offline --no-progress --quiet .github $(SHOW_FAILURE)
lint-changelog: $(READY)
	@$(BIN)/towncrier build --draft --version next $(SHOW_FAILURE)

cli: $(READY)  ## Run the tests that start the command labs, without nodes
	@$(PYTEST) --numprocesses=$(CORES) --dist=loadfile tests/cli

browser: $(READY)  ## Open the pages of the lesson site in Chromium
	@WANT_BROWSER=yes PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(PYTEST) --numprocesses=auto --dist=worksteal tests/integration/browser

docker: images-docker  ## Run the tests with nodes of the docker driver
	@$(PYTEST) --durations=15 --numprocesses=auto --dist=loadfile tests/integration/docker

# One after another: some tests attack their own VM, and measure how much of the host others still get.
uml: images-uml  ## Run the tests with nodes of the uml driver
	@$(PYTEST) --durations=15 tests/integration/uml

node-packages:
	@PYTHON='$(PYTHON)' bash .ci/prerequisites

images-docker: $(READY)
	@WANT_ENGINE=yes PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(BIN)/labs images build --driver docker

images-uml: $(READY)
	@PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(BIN)/labs images build --driver uml

course: images-uml  ## Test that the labs fit together as a course, and that one of them runs on both drivers
	@$(PYTEST) tests/course

affected: images-docker images-uml  ## Prove the labs that a change affects, as many as fit into BUDGET minutes
	@$(BIN)/labs verify $(if $(AFFECTED_BY),--affected-by $(AFFECTED_BY),--all) --budget $(BUDGET) $(REPORT_OPTION)

prove: images-docker images-uml  ## Prove every lab, with all near misses, or LAB only
	@$(BIN)/labs verify $(or $(LAB),--all) $(REPORT_OPTION)

test: $(READY)  ## Run everything: each tier, and the proof of the labs that the change affects
	@.ci/tiers '$(MAKE)' unit cli images-docker images-uml browser docker uml course affected

coverage: export COVERAGE_FILE = $(abspath $(VENV))/coverage/data
coverage: $(READY)  ## Measure which code the tests of unit and cli run, and compare that with the floor in pyproject.toml
	@rm -rf $(VENV)/coverage && mkdir $(VENV)/coverage
	@$(BIN)/coverage run -m pytest --quiet --numprocesses=$(CORES) --dist=loadfile tests/unit tests/cli
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered

fuzz: $(READY)  ## Run the tests that draw their input, with much more input
	@HYPOTHESIS_PROFILE=long $(PYTEST) --numprocesses=$(CORES) -m hypothesis tests/unit

dist: $(READY)  ## Build the distributions as a release does, and check them
	@.ci/build-dist

bench: $(READY)  ## Compare the speed of labs with plain Docker commands, in a table with ratios
	@echo 'The benchmark removes and rebuilds the images of both drivers. First remove started labs: labs rm --all'
	@$(BIN)/python -m tests.bench --from-scratch

# The demo does not wait for the tools of developers, and unit tests do not wait for the Debian packages of nodes.
# For the demo, pip does not compile modules, because most are never imported: Python compiles the others on first use.
$(RUNTIME) $(READY): pyproject.toml .ci/prerequisites
	@echo '== Installing a virtual environment in $(VENV)'
	@WANT_NODES=no PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(filter $(READY),$@),--editable '.[dev]',--no-compile --editable .)
	@$(BIN)/python -m compileall -q runner checks
	@touch $(RUNTIME) $@

clean:  ## Remove the files that make created here; 'labs rm --all' removes nodes
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
