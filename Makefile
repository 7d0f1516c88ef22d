# make book       install into .venv, execute the chapters, build the site
# make test       every check: style, unit and property tests, the site in a browser, nbval
# make lab        JupyterLab on the notebooks
# make read       serve the site on this machine and print its address (PORT=8000 to choose one)
# make notebooks  execute every notebook in place, ready to commit
# make labs       student, solution and autograder editions of the labs
# make questions  the question bank as sheets to print and as a file for Moodle
# make slides     four decks of slides, for a browser and as PDF
# make pdf        the book as one PDF, printed by Chromium or Chrome
# make check      whether all that the book needs is there, in one line
# make bench      how fast the machines are, measured
# make clean      remove the built site; the environment stays

.DELETE_ON_ERROR:
.DEFAULT_GOAL := book
.PHONY: book test lab labs read notebooks questions slides pdf check bench clean environment installed built FORCE

SHELL := /bin/sh
# Threads that wait shall sleep: spinning, they slow a busy machine down by a factor of twenty.
export OMP_WAIT_POLICY := passive
PORT ?= 0
BIN := .venv/bin
INSTALLED := .venv/installed
BUILT := _build/built
# The first Python on PATH that is new enough; set PYTHON to use another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Two runs of make at once take turns, where the system has flock.
ALONE := $(shell mkdir -p _build && command -v flock >/dev/null 2>&1 && echo flock -o _build/lock)
# Tests run on every processor, those of one file on one of them, with one thread each.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile
FREE = free=$$(df -Pk . | awk 'NR == 2 {print int($$4 / 1024)}'); [ "$$free" -ge $(1) ] || \
  { echo "make: $(2) about $(1) MB of disk; $$free MB are free here." >&2; exit 1; }

book:
	@$(ALONE) $(MAKE) --no-print-directory built
	@echo "The book: $(CURDIR)/_build/html/index.html"

test: book
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(PYTEST)
	$(PYTEST) --nbval --nbval-sanitize-with tests/nbval.cfg book

lab: environment
	$(BIN)/jupyter lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) book

read: book
	@$(BIN)/python -u -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

notebooks: environment
	$(BIN)/python book/_ext/execute.py

labs: environment
	$(BIN)/python labs/build.py

questions: environment
	$(BIN)/python book/_ext/export.py

slides: environment
	$(BIN)/python slides/build.py

pdf: book
	$(BIN)/python book/_ext/print_book.py

check:
	@$$(test -x $(BIN)/python && echo $(BIN)/python || echo $(PYTHON)) els_tutorial/check.py

bench: environment
	$(BIN)/python benchmarks/speed.py

clean:
	rm -rf _build

environment:
	@$(ALONE) $(MAKE) --no-print-directory installed

installed: $(INSTALLED)
	@:

built: $(BUILT)
	@:

$(INSTALLED): requirements.txt pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "make: this book needs Python 3.11 or newer, and none is on PATH." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(sys.version_info < (3, 11) and \
	  f"make: this book needs Python 3.11 or newer; $(PYTHON) is {v}.")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) lacks its venv module; \
	install it (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@$(call FREE,4000,the environment needs)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The list of sources changes when a file goes, which no file's date would show.
_build/sources: FORCE
	@find book els_tutorial results _config.yml _toc.yml -type f ! -path '*/.*' ! -path '*/__pycache__/*' | sort > $@.now
	@cmp -s $@.now $@ || cp $@.now $@

$(BUILT): $(INSTALLED) _build/sources $(shell find book els_tutorial results _config.yml _toc.yml \
  -type f ! -path '*/.*' ! -path '*/__pycache__/*' 2>/dev/null)
	@$(call FREE,500,a build needs)
	@touch $@.started && rm -rf _build/html
	$(BIN)/jupyter-book build . -W -n --keep-going --all
	@mv $@.started $@
