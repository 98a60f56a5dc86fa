# One command per task. Each makes the environment that it needs, once.
PYTHON ?= python3
FUZZ_SECONDS ?= 900
BIN := .venv/bin
# --no-compile halves the installation; `make demo` compiles the modules that it imports.
PIP := -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt

.PHONY: help demo test fuzz audit lint format docs pages check-pages package bench-notebook bench-speed bench-read bench-pictures bench-serve bench-accuracy bench-leaderboard bench-scale reports notebook screenshots clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

demo: .venv/train-installed ## train the network of the notebook on MNIST and test it
	$(BIN)/tendigits train mlp

test: .venv/dev-installed ## run all tests
	$(BIN)/pytest

fuzz: .venv/dev-installed ## handle hostile input for FUZZ_SECONDS (a quarter of an hour)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/pytest tests/fuzz/fuzz_*.py --timeout 3600

audit: .venv/dev-installed ## look for known vulnerabilities of the dependencies
	.ci/audit $(BIN)/pip-audit

lint: .venv/dev-installed ## check style, types and imports between the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev-installed ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/docs-installed ## build the documentation into site/
	$(BIN)/zensical build --clean --strict

pages: docs .venv/train-installed ## export the pretrained models as pages into site/pages/
	for model in tiny mlp reader; do $(BIN)/tendigits export $$model -o site/pages/$$model.html || exit; done

check-pages: .venv/dev-installed ## compare exported pages with Python on all test images: make check-pages [FOLDER=...]
	PYTHONPATH=tests $(BIN)/python benchmarks/pages.py $(FOLDER)

package: .venv/dev-installed ## build the wheel, the sdist and a list of all components into dist/
	$(BIN)/python -m build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type library \
		--output-reproducible --output-file dist/tendigits.cdx.json $(BIN)/python

bench-notebook: .venv-bench/installed ## time `tendigits train mlp` against the notebook in Keras
	.venv-bench/bin/python benchmarks/notebook.py

bench-speed: .venv-bench/installed ## time `fast` against the examples of PyTorch and Keras (half an hour)
	.venv-bench/bin/python benchmarks/speed.py

bench-read: .venv-bench/installed ## measure how fast pictures are read
	.venv-bench/bin/python benchmarks/reading.py

bench-pictures: .venv-bench/installed ## compare readers on labelled pictures: make bench-pictures FOLDER=...
	.venv-bench/bin/python benchmarks/pictures.py '$(FOLDER)'

bench-serve: .venv/dev-installed ## measure how fast pictures are read over HTTP (needs wrk and haproxy; 5 minutes)
	$(BIN)/python benchmarks/serving.py

bench-accuracy: .venv/dev-installed ## measure the test accuracy of each recipe over its seeds (long; resumable)
	$(BIN)/python benchmarks/accuracy.py

bench-leaderboard: .venv/dev-installed ## train published recipes anew (many hours; resumable)
	$(BIN)/python benchmarks/leaderboard.py

bench-scale: .venv/dev-installed ## compare torchrun with threads, and Ray with processes (an hour)
	$(BIN)/python benchmarks/scale.py

reports: .venv/dev-installed ## write the full report of each pretrained model (minutes)
	$(BIN)/python benchmarks/reports.py

notebook: .venv/dev-installed ## run docs/notebook.ipynb again and keep its output
	$(BIN)/jupyter execute --inplace docs/notebook.ipynb

screenshots: .venv/dev-installed ## take the screenshots of the page again (needs chromium)
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

clean: ## remove the environments, caches and built files (runs stay)
	rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .cache dist site

.venv/train-installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(PIP) --editable '.[train]'
	touch $@

.venv/dev-installed: .venv/train-installed
	$(BIN)/python $(PIP) --editable '.[train,serve,documents,scale,dev]'
	-$(BIN)/python -m compileall -q -j 0 .venv/lib
	touch $@

.venv/docs-installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(PIP) --editable '.[docs]'
	touch $@

# --upgrade-deps: a newer pip resolves twice as fast as the one that Python 3.11 brings.
$(BIN)/python:
	$(PYTHON) -m venv --upgrade-deps .venv

.venv-bench/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv --upgrade-deps .venv-bench
	.venv-bench/bin/python $(PIP) --editable '.[train,serve,bench]'
	touch $@
