# `make demo` and `make test` set up everything they need on a fresh Debian or Ubuntu host; `make help` lists all targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
SHELL_FILES := .ci/run .ci/prerequisites $(wildcard labs/*/setup.sh) \
	$(filter-out %.yml %/labs-agent,$(wildcard runner/images/recipes/*/labs-*)) $(wildcard runner/images/recipes/*/docker-entrypoint.sh) \
	runner/images/recipes/wordpress/apache2-foreground runner/images/recipes/node/bashrc \
	$(wildcard runner/drivers/uml/*.sh runner/drivers/uml/vm/*.sh) $(addprefix runner/grading/bundles/gradescope/,setup.sh run_autograder) runner/lessons/template/setup.sh \
	$(shell grep -rlE '^\#! ?/(usr/)?bin/(env )?(ba)?sh' labs/*/files)

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY)  ## Start swarm-basics and play its lesson, with checks after each step
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

test: $(READY)  ## Run all tests, including those with real nodes
	@echo '== 1/3  Installing a Docker Engine and a browser, if there are none'
	@WANT_ENGINE=yes WANT_BROWSER=yes PYTHON='$(PYTHON)' bash .ci/prerequisites
	@echo '== 2/3  Building images for the nodes of both drivers (four minutes the first time)'
	@$(BIN)/labs images build --driver docker
	@$(BIN)/labs images build --driver uml
	@echo '== 3/3  Running the tests'
	@$(BIN)/python -u -m pytest --durations=15

lint: $(READY)  ## Check style, types, import layers, shell files and lessons
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@$(BIN)/shellcheck $(SHELL_FILES)
	@$(BIN)/labs lint --all
	@echo 'ruff, mypy, import-linter, shellcheck and labs lint found no problems.'

bench: $(READY)  ## Compare the speed of labs with plain Docker commands, in a table with ratios
	@echo 'The benchmark removes and rebuilds the images of both drivers. First remove started labs: labs rm --all'
	@$(BIN)/python -m tests.bench --from-scratch

$(READY): pyproject.toml .ci/prerequisites
	@echo '== Installing Debian packages and a virtual environment in $(VENV)'
	@PYTHON='$(PYTHON)' bash .ci/prerequisites
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q runner checks
	@touch $@

clean:  ## Remove the files that make created here; 'labs rm --all' removes nodes
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
