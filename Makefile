# What is called here works on a machine with nothing but Go, git, make and apt; see .ci/.

# A Go that is too old says so (.ci/setup) rather than fetch another.
export GOTOOLCHAIN := local

# git describes us in the binary; where git refuses (another's checkout), it says "devel".
BUILDVCS := $(shell git status --porcelain >/dev/null 2>&1 && echo auto || echo false)

.PHONY: help setup build base demo demo-run test test-run test-docker test-docker-run confirm-bindep confirm-bindep-run confirm-metadata confirm-metadata-run confirm-config lint clean
.NOTPARALLEL:

help:
	@echo 'make build   bin/pbrx-go'
	@echo 'make demo    build the images of a sample project and run them (root; 10 minutes at most)'
	@echo 'make test    all tests (root; an hour on two cores)'
	@echo 'make test-docker  conformance on Docker Engine of Debian trixie and sid (root; 15 minutes)'
	@echo 'make confirm-bindep  bindep against the one on PyPI, at length (20 minutes)'
	@echo 'make confirm-metadata  what is read of projects against Python and 113 released wheels (10 minutes, more where nothing is fetched yet)'
	@echo 'make confirm-config  a million changed files of configuration (12 minutes)'
	@echo 'make lint    gofmt, go vet, and golangci-lint where it is installed'
	@echo 'make base    a Debian base image with Python, from the mirror of this machine (root)'
	@echo 'make clean   remove what make build left'

setup:
	@.ci/setup

build:
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -o bin/pbrx-go ./cmd/pbrx-go

base: setup
	@.ci/base

# The recipes call make again so that the time they print is that of the whole.
demo:
	@.ci/timed 'make demo' $(MAKE) --no-print-directory setup build demo-run

demo-run:
	@.ci/demo

test:
	@.ci/timed 'make test' $(MAKE) --no-print-directory setup test-run

test-run:
	@.ci/test

test-docker:
	@.ci/timed 'make test-docker' $(MAKE) --no-print-directory setup test-docker-run

test-docker-run:
	@.ci/test-docker

confirm-bindep:
	@.ci/timed 'make confirm-bindep' $(MAKE) --no-print-directory setup confirm-bindep-run

confirm-bindep-run:
	@.ci/confirm-bindep

confirm-metadata:
	@.ci/timed 'make confirm-metadata' $(MAKE) --no-print-directory confirm-metadata-run

confirm-metadata-run:
	@.ci/confirm-metadata

confirm-config:
	@.ci/timed 'make confirm-config' .ci/confirm-config

lint:
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "gofmt these: $$unformatted"; exit 1; fi
	go vet ./... ./.ci/testreport ./.ci/registryprobe
	@if command -v golangci-lint >/dev/null; then golangci-lint run; \
	else echo 'golangci-lint is not installed: its rules were not checked'; fi

clean:
	rm -rf bin
