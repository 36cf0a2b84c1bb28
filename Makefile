# Everything runs in .venv, which this file makes. Needs python3 (3.11 to 3.13) and make; uses uv if it is installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null)

.PHONY: setup quickstart quickstart-proofs smollm2 leaderboard held-out reasoning provers numbers claim language suites proving bench bench-smoke gpu-check \
	test coverage \
	test-slow lint format docs package clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
		f"lean-ebm needs Python 3.11 to 3.13 and {sys.executable} is {v[0]}.{v[1]}: run make PYTHON=python3.12")'
	@rm -rf $(VENV)
ifdef UV
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
endif
	@touch $(READY)

# Trains on real digits that come with scikit-learn, then draws samples. Both commands print where their files are.
quickstart: $(READY)
	$(BIN)/lean-ebm fit --config configs/quickstart.yaml
	$(BIN)/lean-ebm predict --config configs/quickstart.yaml --ckpt_path last

# Makes 3,000 theorems, trains an energy on their proofs for at most four minutes, proves others with and without it, and
# writes a page that shows one search. The last lines say where it is.
quickstart-proofs: $(READY)
	$(BIN)/lean-ebm fit --config configs/proving/quickstart.yaml
	$(BIN)/python -m lean_ebm.experiments.quickstart

# Brings a small pretrained language model, 93 MB, into the folder of caches, for the recipes proving/language*.
smollm2: $(READY)
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python pip
endif
	$(BIN)/python -m lean_ebm.energy.language.smollm2

# Takes hours on two cores (provers: about one; suites: minutes; language: run make smollm2 first), resumes where it was interrupted, and writes a report into results/.
# FAST=1: a few steps, to see that it works; the report goes into lightning_logs. JOBS=2: two runs at once.
# RECIPES="contrastive ebt": only these recipes (not for reasoning, claim, language and suites). RUNS=folder: the folder of the runs.
leaderboard held-out reasoning provers numbers claim language suites: $(READY)
	$(BIN)/python -m lean_ebm.experiments.$(subst -,_,$@) $(if $(FAST),--fast) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(RECIPES),--recipes $(RECIPES)) $(if $(RUNS),--folder "$(RUNS)")

# Takes ten minutes and writes results/proving.md. FAST=1: a tenth of it; the report goes into lightning_logs.
proving: $(READY)
	PYTHONPATH=tests$${PYTHONPATH:+:$$PYTHONPATH} $(BIN)/python -m proving.measure $(if $(FAST),--fast --output lightning_logs/proving.md)

# Takes a quarter of an hour on two cores that do nothing else, and writes benchmarks/results.md.
# ONLY="...": only rows whose names begin with this.
bench: $(READY)
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev,bench]'
else
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
endif
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

# Takes seconds: runs every row once, as small as possible.
bench-smoke: $(READY)
	$(BIN)/python -m benchmarks --smoke --output lightning_logs/bench-smoke

# Needs a CUDA device, takes at most eight minutes and writes lightning_logs/gpu-check/gpu.md. It uses no .venv but the
# environment that PYTHON belongs to, and exits with status 3 (make: Error 3) if torch finds no such device.
gpu-check:
	PYTHONPATH=src:.$${PYTHONPATH:+:$$PYTHONPATH} $(PYTHON) -m benchmarks.gpu

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

# Measures which lines of src/ the tests run, also in other processes; fails below 95%.
coverage: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n auto --cov --cov-report=term --cov-fail-under=95

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow -n auto --report=results/reliability.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Builds the site into build/site. Its pages can be opened as files; the search needs a server, such as
# python -m http.server --directory build/site. Fails at a warning, such as a link that leads nowhere.
docs: $(READY)
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev,docs]'
else
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,docs]'
endif
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

# Builds a source distribution and a wheel into build/package, and checks what they say about themselves.
package: $(READY)
	rm -rf build/package build/lib build/bdist.*
	$(BIN)/python -m build --no-isolation --outdir build/package > /dev/null
	$(BIN)/python -m twine check --strict build/package/*

clean:
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
