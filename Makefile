# The quarter in one command. Every target makes the environment it needs.
#   make report   simulate the demo portfolio if it isn't there, run the quarter, publish the report
#   make test     the tests                 make check   lint, types, layers, notebooks
#   make lab      JupyterLab on the notebooks            make bench   the benchmarks
#   make clean    remove what a run leaves behind; published reports, portfolios and .venv stay
# Further arguments go through ARGS: make report ARGS="--period 2025Q3"   make test ARGS="-k resume"

VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= data/portfolio/demo
SHELL  := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help report test lab check bench clean

UV     := $(shell command -v uv 2>/dev/null)
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	echo $$p; break; fi; done)
BENCHMARKS ?= simulate panel spells report cure_fit cure_coverage exits_coverage cure_chain cure_chain_ages hazards \
	uplift_coverage uplift_portfolios treatment_learners allocation scorecard satellite_coverage losses erlang \
	experiment_coverage quasi_coverage bootstrap
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

ifneq ($(UV),)
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

help:
	@sed -n 's/^#  */  /p' Makefile

$(BIN)/python:
ifneq ($(PYTHON),)
ifneq ($(UV),)
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif
else
	@echo "Python 3.11 or later is needed, and none was found as python3.13, python3.12, python3.11 or python3." >&2
	@echo "Install one, or name it: make report PYTHON=/path/to/python3.12" >&2
	@exit 2
endif

# One stamp for each set of extras, renewed only when pyproject.toml changes.
$(VENV)/.report: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[validate]"
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[test,spark,validate]"
	@touch $@ $(VENV)/.report

$(VENV)/.lab: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[lab,validate]"
	@touch $@ $(VENV)/.report

$(DEMO)/portfolio.yml: | $(VENV)/.report
	$(BIN)/arrears simulate --to $(DEMO)

report: $(VENV)/.report $(DEMO)/portfolio.yml
	@$(BIN)/arrears report $(ARGS)

test: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lab: $(VENV)/.lab
	$(BIN)/jupyter lab --notebook-dir=notebooks $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(NOTEBOOKS),$(BIN)/nbstripout --keep-id --verify $(NOTEBOOKS))
	$(BIN)/python -m pytest -q tests/test_notebooks.py tests/test_environment.py

bench: $(VENV)/.test $(DEMO)/portfolio.yml
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py $(ARGS); done

clean:
	rm -rf reports/work reports/_book reports/_site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
