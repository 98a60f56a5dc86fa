# One command per job; each makes the environment it needs, once.
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test lint format bench-seed bench-speed bench-read bench-serve bench-accuracy reports notebook screenshots clean

help: ## list these jobs
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

demo: .venv/installed ## train the seed network, test it, show where the pictures are
	$(BIN)/tendigits train mlp

test: .venv/installed ## run all tests
	$(BIN)/pytest

lint: .venv/installed ## style, types, and which room may use which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/installed ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-seed: .venv-bench/installed ## the notebook's way against `tendigits train mlp`, in pairs
	.venv-bench/bin/python benchmarks/seed.py

bench-speed: .venv-bench/installed ## `fast` against PyTorch's and Keras's examples (half an hour)
	.venv-bench/bin/python benchmarks/speed.py

bench-read: .venv-bench/installed ## how fast pictures are read
	.venv-bench/bin/python benchmarks/reading.py

bench-serve: .venv/installed ## how fast pictures are read over HTTP (needs wrk; 3 minutes)
	$(BIN)/python benchmarks/serving.py

bench-accuracy: .venv/installed ## each recipe's test accuracy over its seeds (long; resumable)
	$(BIN)/python benchmarks/accuracy.py

reports: .venv/installed ## a full report on each model that ships (minutes)
	$(BIN)/python benchmarks/reports.py

notebook: .venv/installed ## run docs/notebook.ipynb anew and keep its output
	$(BIN)/jupyter execute --inplace docs/notebook.ipynb

screenshots: .venv/installed ## take the page's pictures anew (needs chromium)
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

clean: ## remove the environments and caches (runs stay)
	rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) --editable '.[train,serve,dev]'
	touch $@

.venv-bench/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python $(PIP) --editable '.[train,serve,bench]'
	touch $@
