# SPDX-License-Identifier: Apache-2.0
# The commands of the project. Each installs what it is missing (scripts/setup), and builds before it runs.

PORT ?= 2222
T ?= 60
JOBS ?= $(shell nproc)
DESTDIR ?=

.PHONY: build run test test-matrix bench fuzz lint install clean

build: ## release binaries in build/release/bin
	@scripts/setup build
	@scripts/build release

run: ## a container behind 127.0.0.1:2222, nothing to configure
	@scripts/setup build run
	@scripts/build release fairlead fairlead-agent
	@exec build/release/bin/fairlead demo --port $(PORT)

test: ## every test, against real engines and real clients
	@scripts/setup build run test
	@scripts/build release
	@scripts/test release

test-matrix: ## the second compiler, sanitizers, fuzz corpora
	@scripts/setup build run test matrix
	@scripts/test-matrix

bench: ## speed and memory beside sshd, docker run and docker exec
	@scripts/setup build run test bench
	@scripts/build release
	@/usr/bin/python3 tests/bench/run.py --bin build/release/bin

fuzz: ## each libFuzzer target for T seconds
	@scripts/setup build matrix
	@scripts/fuzz $(T)

lint: ## formatting, floors, C1 patterns, clang-tidy
	@scripts/setup build lint
	@scripts/lint

install: build
	@DESTDIR=$(abspath $(DESTDIR)) cmake --install build/release --prefix /usr

clean:
	rm -rf build
