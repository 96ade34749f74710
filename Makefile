# The environment is made from the lock file, without uv on the machine: it is put into the project's own.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SPARK := scale_out/.venv
.DEFAULT_GOAL := help
.PHONY: help setup refresh test lint dictionary spark serve clean

help:            ## what can be done
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make the environment from the lock file

$(READY): pyproject.toml uv.lock
	@test -x $(BIN)/uv || { $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
		$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(BIN)/uv sync --locked --quiet --inexact
	@touch $@

refresh: setup   ## extract, model, validate, fit and publish the bundled raw data
	@$(BIN)/frontier refresh

test: setup lint ## run every check and every test
	$(BIN)/python -m pytest

lint: setup      ## style, types, layers and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ty check orchestration
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 dbt_project/models dbt_project/macros

dictionary: setup ## derive dbt's YAML files and docs/dictionary.md from dbt_project/dictionary
	@$(BIN)/python -m tools.dictionary

spark: refresh $(SPARK)/.ready ## build the models on Apache Spark as well, compare every row, and fit on its tables
	@$(SPARK)/bin/python -m scale_out
	@$(BIN)/python -m pytest tests/glm/test_glm_spark.py -n 0 -q

$(SPARK)/.ready: scale_out/pyproject.toml scale_out/uv.lock | $(READY)
	@$(BIN)/uv sync --project scale_out --python $(BIN)/python --locked --quiet \
		|| { echo "The second engine's environment could not be made from scale_out/uv.lock (see above)."; exit 1; }
	@touch $@

serve: setup     ## the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/frontier serve

clean:           ## remove what was published and the environment
	rm -rf .venv $(SPARK) dbt_project/target warehouse/releases warehouse/candidates warehouse/exports warehouse/downloads \
		warehouse/.dbt warehouse/.dagster warehouse/spark
	rm -f warehouse/frontier.duckdb warehouse/*.json warehouse/.refresh.lock
