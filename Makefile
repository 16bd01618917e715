# Thin lines over the tools. `make lab` opens the suite, `make test` tests it; both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: lab test check-js train notebooks engine weights results again bench bench-gpu bench-busy bench-widgets \
	bench-browser clean
.DEFAULT_GOAL := lab

# Threads that wait for others do so for some microseconds, then let the browser and other kernels have the core:
# where more runs than there are cores, training is several times as fast, and elsewhere as fast as ever.
test: export GOMP_SPINCOUNT ?= 10000

lab: .venv/ready
	$(BIN)/lenet-edu lab $(ARGS)

test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The widgets' JavaScript: types and layout (its lint and its own tests are among `make test`). Needs node and npm; `npm install --omit-lockfile-registry-resolved`
# after a change of package.json.
check-js: .venv/ready node_modules/.package-lock.json
	npx --no-install tsc
	npx --no-install prettier --check lenet_edu/widgets/*.js tests/widgets/js/*.mjs

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund

train: .venv/ready
	$(BIN)/lenet-edu train $(ARGS)

# Brings each notebook and its source to the newer of the two, and runs it again.
notebooks: .venv/ready
	$(BIN)/python -m tools.notebooks.build $(ARGS)

# Compiles lenet.c to lenet.wasm, which is committed.
engine: .venv/ready
	$(BIN)/python -m tools.engine

weights: .venv/ready
	$(BIN)/python -m results.weights $(ARGS)

# What networks come to over several seeds: results/*.json, which the notebooks show; half a day on two cores.
results: .venv/ready
	$(BIN)/python -m results.cats_and_dogs $(ARGS)
	$(BIN)/python -m results.classical $(ARGS)
	$(BIN)/python -m results.family $(ARGS)
	$(BIN)/python -m results.table
	$(BIN)/python -m results.robustness $(ARGS)

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

clean:
	rm -rf .venv

# Built when missing, and again when the list of dependencies has changed.
.venv/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "No virtual environment could be made. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[notebooks,test]'
	@touch $@
