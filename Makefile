# Everything is set up in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Trust the certificates that the machine trusts, as pip does.
export UV_SYSTEM_CERTS ?= 1
unexport VIRTUAL_ENV
# One more than there are cores: tests of servers and of act wait a lot.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")

INSTALL = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint requirements.lock

# GitHub's own descriptions of its API and of its events, which the embedded forge is held against.
CONTRACT := @octokit/openapi@23.0.2 @octokit/openapi-webhooks@12.1.0

.PHONY: demo test drills docs lint contract fuzz soak bench lock clean

demo: $(VENV)/.rehearse ## two merges ship, in a dress rehearsal of the real workflow file
	@$(BIN)/mergeship rehearse --example obk

test: lint contract ## linters, types, import contracts and every test
	$(BIN)/coverage erase
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=
	$(BIN)/coverage report --include='*/mergeship/core/*,*/mergeship/checks/*' --fail-under=100
	$(BIN)/coverage report --omit='*/mergeship/core/*,*/mergeship/checks/*,*/mergeship/drills/*' --fail-under=90

drills: $(VENV)/.rehearse ## every drill, intact
	$(BIN)/mergeship rehearse --example obk --drill all

docs: $(VENV)/.dev ## the page of error codes
	@mkdir -p docs
	$(BIN)/python -c "from mergeship.errors.catalogue import page; print(page(), end='')" > docs/errors.md

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

contract: $(VENV)/contract ## GitHub's description of itself, where npm is there to fetch it

fuzz: $(VENV)/.dev ## 100,000 mutated projects and forged ledgers, 40,000 texts: no wrong edit, upload or answer
	MERGESHIP_FUZZ=100000 $(BIN)/pytest -q -n auto tests/core/declaration/test_fuzz.py tests/core/release/test_forgeries.py \
		tests/core/test_intent.py tests/pipeline/test_foreign_answers.py

soak: $(VENV)/.dev ## long rehearsals, every guard taken away, and the laws for longer
	MERGESHIP_SOAK=1 $(BIN)/pytest -q -n auto tests/rehearsal tests/drills tests/test_laws.py tests/commands/test_setup.py

bench: $(VENV)/.dev ## how long things take, side by side
	$(BIN)/python bench/bench.py

lock: $(VENV)/.dev ## raise the pinned versions
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --no-annotate --all-extras \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

$(VENV)/.rehearse: pyproject.toml requirements.lock $(BIN)/uv
	$(INSTALL) --editable '.[rehearse]'
	@touch $@

$(VENV)/.dev: pyproject.toml requirements.lock $(BIN)/uv
	$(INSTALL) --editable '.[rehearse,dev]'
	@touch $@ $(VENV)/.rehearse

# Each package is hundreds of megabytes, of which one file is needed. Where that cannot be had, CI fails and others go on.
$(VENV)/contract: | $(BIN)/uv
	@command -v npm > /dev/null || { echo "no npm: the contract tests are skipped"; exit 0; }; \
	rm -rf $@.new && mkdir -p $@.new && cd $@.new && for package in $(CONTRACT); do \
		name=$${package#@octokit/}; name=$${name%@*}; \
		tarball=$$(npm pack --silent "$$package") \
			&& tar -xzf "$$tarball" -O package/generated/api.github.com.json > "$$name.json" && rm "$$tarball" \
			|| { echo "$$package cannot be fetched: the contract tests are skipped"; test -z "$$CI"; exit; }; \
	done && cd - > /dev/null && mv $@.new $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(PYTHON) is not Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv --clear $(VENV) || { \
		echo "error: $(PYTHON) has no venv; on Debian: apt install python3-venv" >&2; exit 2; }
	@# pip wants hashes for everything that it is given, or for nothing.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt
