# Every target makes its own virtual environment first; run them in any order, as often as you like.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo demo-gallery picture test test-all lint types bench bench-scale fuzz torture clean
.DEFAULT_GOAL := help

help:
	@echo "make setup    set up $(VENV); TORCH=cpu: without the libraries for NVIDIA cards"
	@echo "make demo     set up, then run the main job against two demo sites on this machine"
	@echo "make demo-gallery   then look at its database in the browser"
	@echo "make test     set up, then run the tests (minutes); make test-all: the long ones as well"
	@echo "make lint     check style; make types: check types"
	@echo "make bench    measure speed and accuracy, side by side with the plain use of the networks"
	@echo "make bench-scale   how costs grow with performers, faces and crawls (minutes); SIZES=\"100 1000000\""
	@echo "make fuzz     feed every reader of other people's bytes mutated inputs (minutes)"
	@echo "make torture  kill crawls hundreds of times and compare what is left (long)"
	@echo "make clean    remove the virtual environment and the demo's results"

setup: $(READY)

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "setup: there is no $(PYTHON): install Python 3.11 or later, or name yours: make setup PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "setup: this is Python %d.%d, and 3.11 or later is needed: name one, make setup PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) tools/make_venv.py $(VENV) $(TORCH)
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m demo.run

demo-gallery: $(READY)
	@cd .demo && PYTHONPATH=.. ../$(BIN)/python -m enrichscrapy gallery

# The README's picture, of the demo's drawn people.
picture: $(READY)
	$(BIN)/python -m demo.screenshots .demo/data/enrichscrapy.db .demo/shots --pages review --widths 1280 --schemes light
	$(BIN)/python -c "from PIL import Image; Image.open('.demo/shots/review-1280-light.png').crop((104, 0, 1176, 784)).save('docs/review.webp', quality=82, method=6)"

# A file's tests stay together, for what they share; tests/conftest.py puts the longest files first.
# Three processes for two cores: many a test waits.
# Compiled files are kept even where the environment says otherwise: a run starts many processes.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: $(READY)
	$(PYTEST) -m "not long"

test-all: $(READY)
	$(PYTEST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks

SIZES ?= 100 10000 100000

bench-scale: $(READY)
	$(BIN)/python -m benchmarks scale --sizes $(SIZES)
	$(BIN)/python -m benchmarks workers

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz

torture: $(READY)
	$(BIN)/python -m tests.torture

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
