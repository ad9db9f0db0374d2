# make demo    the default study, from a fresh clone to demo/report.html
# make test    tests, style, types and import contracts, from a fresh clone
# make docs    the documentation, docs/_build/html/index.html
# make help    everything else

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
TORCH ?= torch==2.13.0
DEMO ?= demo
LOWEST ?= torch llvm dask graphs varieties pyg testing

comma := ,
space := $(subst ,, )
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-lowest test-wheel fuzz lint bench docs notebook clean distclean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not installed; install Python 3.11 or newer, or run: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version); this needs Python 3.11 or newer: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Torch goes first and pinned, so that the requirement torch of the extras fetches no other build.
$(VENV)/.torch: $(VENV)/.created
	$(PIP) install $(TORCH)
	@touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(PIP) install -e ".[dev]"
	@touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(PIP) install -e ".[bench]"
	@touch $@

demo: $(VENV)/.installed ## the default study, written to demo/
	$(BIN)/cumulants study --out $(DEMO) --resume

test: $(VENV)/.installed lint ## tests and checks, but for those that take long
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not browser"

test-slow: $(VENV)/.installed ## the others: notebooks, the documentation, JupyterLab in a browser
	$(BIN)/python -m pytest -n $(JOBS) -m "slow or browser"

test-lowest: $(VENV)-lowest/.installed ## the tests at the lowest versions of all dependencies
	$(VENV)-lowest/bin/python -m pytest -n $(JOBS) tests -m "not browser and not latex" \
	  $(addprefix --ignore=tests/test_,architecture.py docs.py explorers.py lab.py notebooks.py packaging.py)

$(VENV)-lowest/.installed: pyproject.toml tests/lowest.py
	$(MAKE) VENV=$(VENV)-lowest $(VENV)-lowest/.torch
	$(VENV)-lowest/bin/python tests/lowest.py $(LOWEST) > $(VENV)-lowest/constraints.txt
	$(VENV)-lowest/bin/python -m pip install -c $(VENV)-lowest/constraints.txt \
	  -e ".[$(subst $(space),$(comma),$(LOWEST))]" pytest pytest-xdist
	@touch $@

test-wheel: $(VENV)/.installed ## the tests against the installed wheel, outside the source tree
	WHEEL_TESTS=all $(BIN)/python -m pytest tests/test_packaging.py -k outside

fuzz: $(VENV)/.installed ## ten thousand wrong calls, texts and configurations; studies killed
	$(BIN)/python -m pytest -m campaign tests/campaigns

lint: $(VENV)/.installed ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: $(VENV)/.bench ## ratios to other libraries, as one table
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed ## the documentation, written to docs/_build/html/
	$(BIN)/python -m sphinx -W --keep-going -j $(JOBS) -b html docs docs/_build/html

notebook: $(VENV)/.installed ## the notebooks in JupyterLab
	$(BIN)/jupytext --to ipynb notebooks/*.py
	$(BIN)/jupyter lab notebooks

clean: ## results and caches
	rm -rf demo build dist *.egg-info .hypothesis .ruff_cache .import_linter_cache notebooks/*.ipynb
	rm -rf docs/_build docs/_generated docs/api docs/notebooks
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## the virtual environment too
	rm -rf $(VENV) $(VENV)-lowest tests/katex/node_modules
