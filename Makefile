# Everything a developer or a CI machine runs. Each target does its own set-up; none needs root.

PYTEST := .venv/bin/python -m pytest
WORKERS ?= 2
# The tests start many processes: where this is set, each of them compiles the whole package for itself.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install test demo lint unit golden docs bench slow fuzz chaos seeded coverage lock system clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed ## make .venv with every extra and the development tools; then .venv/bin/runner works

.venv/.installed: requirements.lock pyproject.toml scripts/install
	@scripts/install

system: # programs that some tests drive; only as root on Debian, and only what is missing
	@scripts/system-packages
	@scripts/node-tools

test: install system lint unit ## set up, lint, and run the tests

demo: install ## set up, and play the sample campaign against servers on this machine
	.venv/bin/runner demo

lint: install ## ruff, mypy, and the layers of the package
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

unit: install
	$(PYTEST) -n $(WORKERS) --dist worksteal -q

golden: install ## accept what the commands print now as what they shall print
	$(PYTEST) -n $(WORKERS) -q --golden

docs: install ## write the generated pages of docs/ anew
	.venv/bin/python scripts/write_docs.py

bench: install ## measure, as ratios to a floor in the same run
	.venv/bin/python benchmarks/run.py

slow: install system ## the tests that take long: fuzzing, kills, corpora
	$(PYTEST) -n $(WORKERS) -m slow --timeout 3600

fuzz: install ## only the fuzzers, with new examples at every run; 200,000 broken files for the language
	.venv/bin/python scripts/fuzz_language.py --inputs 200000 --seed $$(date +%s)
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m slow -k fuzz --timeout 3600

chaos: install system ## only the kills, stops, lost answers, crashes and power cuts, with their figures
	$(PYTEST) tests/chaos tests/trouble -m slow -s --timeout 3600

seeded: install ## break a copy of the engine in every way of the table; each has to be caught
	$(PYTEST) tests/seeded -m slow

coverage: install ## which branches the tests do not reach
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest -q
	.venv/bin/coverage combine -q
	.venv/bin/coverage report

lock: install ## resolve requirements.lock anew from pyproject.toml
	scripts/lock

clean: ## remove everything that is made
	rm -rf .venv .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage* build dist node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
