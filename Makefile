# Thin lines over the tools. `make lab` opens the suite, `make check` and `make test` test it; all set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: lab check lint types quick-tests test test-again train notebooks engine pages weights results held-out again \
	site bench bench-gpu bench-busy bench-widgets bench-browser bench-pages bench-classroom bench-memory test-hub clean
.DEFAULT_GOAL := lab

# Threads that wait for others do so for some microseconds, then let the browser and other kernels have the core:
# where more runs than there are cores, training is several times as fast, and elsewhere as fast as ever.
check quick-tests test test-again: export GOMP_SPINCOUNT ?= 10000

lab: .venv/ready
	$(BIN)/lenet-edu lab $(ARGS)

# Before each commit: format, lint, types, and the tests that are quick; less than a minute on two cores.
check: .venv/ready
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint types quick-tests

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --quiet lenet_edu/widgets lenet_edu/engine lenet_edu/site

types: .venv/ready node_modules/.ready
	@if [ -e node_modules/.ready ]; then npm run --silent --if-present check && node_modules/.bin/pyright; fi

quick-tests: .venv/ready
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not browser and not notebook" tests $(ARGS)

test: lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# Some tests in another world, such as without data: CI runs them after `make test`.
test-again: .venv/ready
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

train: .venv/ready
	$(BIN)/lenet-edu train $(ARGS)

# Brings each notebook and its source to the newer of the two, and runs it again.
notebooks: .venv/ready
	$(BIN)/python -m tools.notebooks.build $(ARGS)

# Compiles lenet.c to lenet.wasm, which is committed.
engine: .venv/ready
	$(BIN)/python -m tools.engine

# Pages made from the package itself: what docs/architecture.md says of the wings with its picture, and the glossary.
pages: .venv/ready
	$(BIN)/python -m tools.architecture
	$(BIN)/python -m tools.notebooks.glossary

# The edition without a kernel, in build/site: every notebook as a page. ARGS=--serve shows it in a browser.
site: .venv/ready
	$(BIN)/lenet-edu site $(ARGS)

weights: .venv/ready
	$(BIN)/python -m results.weights $(ARGS)

# What networks come to over several seeds: results/*.json, which the notebooks show; half a day on two cores.
results: .venv/ready
	$(BIN)/python -m results.cats_and_dogs $(ARGS)
	$(BIN)/python -m results.classical $(ARGS)
	$(BIN)/python -m results.family $(ARGS)
	$(BIN)/python -m results.table
	$(BIN)/python -m results.robustness $(ARGS)
	$(BIN)/python -m results.reading development
	$(BIN)/python -m results.reading clean

# Photos that nothing was tuned by: meant to be run once, when nothing is changed any more; a quarter of an hour.
held-out: .venv/ready
	$(BIN)/python -m results.reading held-out

# Seed 0 of LeNet-5 once more, whole: it must come to the recorded weights, bit for bit; some minutes.
again: .venv/ready
	$(BIN)/python -m results.verify_rerun $(ARGS)

# How fast and how good training is beside two common ways, and docs/speed.md with what came of it; half an hour.
bench: .venv/ready
	$(BIN)/python -m bench.colour
	$(BIN)/python -m bench.updates
	$(BIN)/python -m bench.speed $(ARGS)

bench-gpu: .venv/ready
	$(BIN)/python -m bench.speed --device cuda $(ARGS)

# What other processes on the same cores leave of a training's speed; some minutes.
bench-busy: .venv/ready
	$(BIN)/python -m bench.busy $(ARGS)
	$(BIN)/python -m bench.speed --docs

# How fast the widgets answer, in a real browser: reported, not asserted.
bench-widgets: .venv/ready
	$(BIN)/python -m bench.widgets

# How fast the engine is in node and in Chromium, beside ConvNetJS and plain JavaScript: reported, not asserted.
bench-browser: .venv/ready
	$(BIN)/python -m bench.browser
	$(BIN)/python -m bench.browser_training workers

# How quick the site's pages are, in Chromium: reported, not asserted.
bench-pages: .venv/ready
	$(BIN)/python -m bench.pages $(ARGS)
	$(BIN)/python -m bench.speed --docs

# Twelve students at once on a real JupyterHub: what they wait for, and what they take.
bench-classroom: .venv/hub-ready
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" $(BIN)/python -m bench.classroom $(ARGS)

# What the kernels of notebooks 04, 11 and 13 hold of the memory; ten minutes. ARGS="--notebooks 04_c3": one alone.
bench-memory: .venv/ready
	$(BIN)/python -m bench.memory $(ARGS)

# A class on a real JupyterHub with its proxy; some minutes.
test-hub: .venv/hub-ready
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" LENET_EDU_TEST_STUDENTS=12 $(BIN)/python -m pytest -q tests/deploy $(ARGS)

.venv/hub-ready: .venv/ready node_modules/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[hub]'
	npm install --no-save --no-package-lock --no-audit --no-fund --silent configurable-http-proxy@5
	@touch $@

clean:
	rm -rf .venv node_modules

# Built when missing, and again when the list of dependencies has changed.
.venv/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "No virtual environment could be made. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[notebooks,test]'
	@touch $@

# Development tools that come from npm. Without it, or without a network, they are left out, and said to be.
node_modules/.ready: package.json
	@if npm install --no-package-lock --no-audit --no-fund --silent; then touch $@; \
	else echo "Types are not checked: that needs npm (with node 18 or newer) and, once, a network"; fi
