# `make run` goes through the whole method on the bundled digits, `make test` checks the code; nothing else to install.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
# what else `kedro run` is to get, for example ARGS="--env smoke"
ARGS ?=

export PATH := $(CURDIR)/$(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
# what MkDocs's plugins say of its next version; the versions here are pinned
export NO_MKDOCS_2_WARNING := true
export DISABLE_MKDOCS_2_WARNING := true

.PHONY: run smoke bench-sampling bench-alignment bench-manipulation bench-loop bench-behavior bench-experiment bench-statistics bench-scale fuzz bench-security drills docs docs-serve test lint format vendor viz mlflow clean
.DELETE_ON_ERROR:

run: $(VENV)/.run-installed
	kedro run $(ARGS)

# `make run --env smoke` would be the default run, for make takes --env for an option of its own
ifneq ($(and $(filter run,$(MAKECMDGOALS)),$(filter-out run clean,$(MAKECMDGOALS))),)
$(error Say what kedro run is to get by ARGS, in quotes: `make run ARGS="--env smoke"`. For that one there is `make smoke`)
endif

# the whole method at toy size, in data/smoke
smoke: $(VENV)/.run-installed
	kedro run --env smoke

# takes the networks of the newest run in data/, about two hours; repeats are kept, so it can be stopped and called again
bench-sampling: $(VENV)/.run-installed
	python -m benchmarks.sampling

# takes the networks of the newest run in data/, about four hours; what took long is kept
bench-alignment: $(VENV)/.run-installed
	python -m benchmarks.alignment

# takes the networks of the newest run in data/, and stimuli and GroupNets of bench-alignment, about an hour
bench-manipulation: $(VENV)/.run-installed
	python -m benchmarks.manipulation

# takes the networks of the newest run in data/, and stimuli and GroupNet of bench-alignment, about an hour
bench-loop: $(VENV)/.run-installed
	python -m benchmarks.loop

# reads and simulates as many trials as the paper had, about a minute
bench-behavior: $(VENV)/.run-installed
	python -m benchmarks.behavior

# fifty participants at once at the study's server, half a minute
bench-experiment: $(VENV)/.run-installed
	python -m benchmarks.experiment

# simulates second rounds with known effects, about half an hour
bench-statistics: $(VENV)/.run-installed
	python -m benchmarks.statistics

# one and two workers, 10^3 to 10^6 trials, memory of every stage; with BAM_MNIST=<folder of the official digits>, hours.
# Parts: ARGS="--only sampling"
bench-scale: $(VENV)/.run-installed
	python -m benchmarks.scale $(ARGS)

# more than 100,000 damaged, hostile and made-up files for every reader, about fifteen minutes
fuzz: $(VENV)/.test-installed
	python -m benchmarks.fuzz

# one smoke run in a copy of the project, without a network and watched, about two minutes
bench-security: $(VENV)/.run-installed
	folder=$$(mktemp -d) && python -c "import sys; from pathlib import Path; from tests.projects import copy_project; \
	copy_project(Path(sys.argv[1]))" $$folder && python -m benchmarks.security $$folder; status=$$?; rm -rf $$folder; exit $$status

# tries faults on real runs: kills, full disks, damaged files; about half an hour, results in docs/faults.md
drills: $(VENV)/.run-installed
	python -m benchmarks.drills

# the documentation as a site in build/site; a link that leads nowhere is an error
docs: $(VENV)/.test-installed
	python -m mkdocs build --strict

# the same at 127.0.0.1:8001, made anew whenever a page is saved
docs-serve: $(VENV)/.test-installed
	python -m mkdocs serve --strict

test: lint docs
	pytest -n 2 --no-loadscope-reorder

lint: $(VENV)/.test-installed
	ruff check
	ruff format --check
	mypy
	lint-imports

format: $(VENV)/.test-installed
	ruff check --fix
	ruff format
	python -m tools.column_tables

# fetches jsPsych's files in the versions of vendored.json, with npm, and writes their checksums
vendor: $(VENV)/.run-installed
	python -m tools.vendor_jspsych

# kedro-viz asks PyPI for its newest version at each start: a proxy that is nobody keeps the question on this machine
viz: $(VENV)/.run-installed
	HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1,localhost kedro viz run

mlflow: $(VENV)/.run-installed
	kedro mlflow ui

# everything that `make` installed; results and MLflow's store stay
clean:
	rm -rf $(VENV)

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and neither python3 nor python3.11 to python3.13 \
	is: install one, or name it with \`make PYTHON=<path> ...\`." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No environment could be made in $(VENV), for the reason above: on Debian and \
	Ubuntu \`sudo apt install python3-venv\` helps. Then call the same command again." >&2; exit 1; }
	@pwd -P > $@

# commands in an environment know where it was made
.PHONY: in-its-place
in-its-place: $(VENV)/.made
	@test ! -s $< || test "$$(cat $<)" = "$$(pwd -P)" || { echo "$(VENV) was made in $$(cat $<), and this is another \
	folder: \`make clean\`, then call the same command again." >&2; exit 1; }

FAILED := { echo "pip could not install what is needed, for the reason above. It needs a network and 2.5 GB of disk (more \
with CUDA); behind a proxy set HTTPS_PROXY. Nothing is lost: mend that and call the same command again." >&2; exit 1; }

$(VENV)/.run-installed: pyproject.toml constraints.txt $(VENV)/.made | in-its-place
	@echo "Installing what is needed into $(VENV): minutes."
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e . || $(FAILED)
	@touch $@

$(VENV)/.test-installed: $(VENV)/.run-installed
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[test,docs]" || $(FAILED)
	@touch $@
