# The commands of the house. `make test` is what a change must pass; CI runs it too (.ci/run).

GO       ?= go
BIN      := bin
STACK    := testdata/stack
BENCH    := testdata/bench
# The versions of the tools; they are no dependencies of the program.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 60s
ROUNDS   ?= 3
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)

.PHONY: build test unit race e2e bench lint structure fuzz golden pictures clean

build: ## bin/backtrail, stripped
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/backtrail ./cmd/backtrail

test: unit e2e ## everything that a change must pass

unit: ## vet and the tests of all packages
	$(GO) vet ./...
	$(GO) test ./...

race: ## the tests under the race detector
	$(GO) test -race ./...

e2e: ## the real stack: etcd, kube-apiserver, controllers, kubelet, registry, cosign, helm
	$(GO) -C $(STACK) test -count=1 -timeout 25m ./e2e ./harness ./image ./sleeper

bench: ## benchmarks, alone and against other programs; ratios within one run are what counts
	$(GO) test -run '^$$' -bench . -benchmem ./inspect/... ./kube ./registry ./tui
	$(GO) -C $(BENCH) run . -rounds $(ROUNDS)

lint: ## golangci-lint, at the version named above
	$(GO) run $(GOLANGCI) run

structure: ## files, methods, widths, comments and tests of every package against their limits
	$(GO) test -count=1 -run '^TestStructure$$' -v cmd/backtrail/structure_test.go cmd/backtrail/imports_test.go

fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$p || exit 1; \
	  done; \
	done

golden: ## renew golden files; review the diff
	$(GO) test ./tui ./inspect/report ./cmd/backtrail -update

pictures: ## renew the screens in the README; review the diff
	$(GO) -C $(STACK) test -count=1 -run TestThePicturesOfTheReadme ./e2e -update

clean:
	rm -rf $(BIN) dist
