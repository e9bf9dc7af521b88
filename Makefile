# `make help` lists the targets. `make test` is what a change must pass; CI runs more (.ci/run).

GO       ?= go
BIN      := bin
STACK    := testdata/stack
BENCH    := testdata/bench
# The versions of the tools, which are not dependencies of the program.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME ?= 60s
# The packages that fuzz and race take; empty: all that have fuzz targets, all.
PACKAGES ?=
ROUNDS   ?= 3
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)

.PHONY: help build test unit race e2e unpack bench bench-recheck lint vulncheck structure fuzz golden demo trust-root trust-root-age pictures clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/backtrail, stripped
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/backtrail ./cmd/backtrail

test: unit e2e ## everything that a change must pass

unit: ## vet and the tests of all packages
	$(GO) vet ./...
	$(GO) test ./... ./testdata/demo

race: ## the tests under the race detector
	$(GO) test -race $(or $(PACKAGES),./...)

e2e: ## the real stack: etcd, kube-apiserver, controllers, kubelet, registry, cosign, helm
	$(GO) -C $(STACK) test -count=1 -timeout 25m ./e2e ./harness ./image ./pictures ./sleeper ./terminal

unpack: ## 2,000 random images against containerd's pkg/archive, and 50 through a containerd; needs root
	$(GO) -C $(STACK)/unpack test -count=1 -timeout 40m .

bench-recheck: ## a recheck at the size of its budget: 10,000 images with 3 million packages
	BENCH_IMAGES=10000 $(GO) test -run '^$$' -bench Recheck -benchtime 3x -benchmem ./inspect/audit

bench: ## benchmarks, alone and against other programs; ratios within one run are what counts
	$(GO) test -run '^$$' -bench . -benchmem ./inspect/... ./kube ./registry ./tui/...
	$(GO) -C $(BENCH) run . -rounds $(ROUNDS)

lint: ## golangci-lint, at the version named above
	$(GO) run $(GOLANGCI) run

vulncheck: ## known vulnerabilities of the dependencies; exits 0 and prints why where their data is not reachable
	@out=$$($(GO) run $(VULNCHECK) ./... 2>&1); code=$$?; echo "$$out"; \
	if [ $$code -ne 0 ] && [ $$code -ne 3 ] && echo "$$out" | grep -q -e 'vuln\.go\.dev' -e 'proxy\.golang\.org' -e 'dial tcp'; then \
	  echo "make vulncheck: not checked: the vulnerability data could not be fetched (see above)"; exit 0; \
	fi; exit $$code

structure: ## files, methods, widths, comments and tests of every package against their limits
	$(GO) test -count=1 -run '^TestStructure$$' -v cmd/backtrail/structure_test.go cmd/backtrail/imports_test.go

fuzz: ## every fuzz target for FUZZTIME
	@for p in $(or $(PACKAGES),$$(grep -rl '^func Fuzz' --include='*_test.go' cmd inspect kube registry tui | xargs -n1 dirname | sort -u)); do \
	  for f in $$(grep -hoE '^func Fuzz\w+' $$p/*_test.go | cut -c6-); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x ./$$p || exit 1; \
	  done; \
	done

golden: ## renew golden files; review the diff
	$(GO) test ./tui ./inspect/report ./cmd/backtrail -update

demo: ## renew the built-in incidents from their generator
	$(GO) generate ./inspect/demo

trust-root: ## renew the embedded Sigstore trust root by TUF (network); without it, the old one stays
	$(GO) run ./testdata/trustroot

trust-root-age: ## fail if the embedded trust root is older than 90 days; part of a release, not of make test
	$(GO) run ./testdata/trustroot -check

pictures: ## renew the screens in the README; review the diff
	$(GO) -C $(STACK) test -count=1 ./pictures -update
	$(GO) test ./cmd/backtrail -run TestTheKeysOfTheReadme -update
	$(GO) test ./cmd/backtrail -run TestTheKeysOfTheReadme -update

clean:
	rm -rf $(BIN) dist
