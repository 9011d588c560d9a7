# make run and make test need Go, git, make and a C compiler, and install everything else
# that is missing.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
LINT    := go tool -modfile=tools/lint.mod
BENCH   := go -C bench run

# The libvips built by make vips is used if there is one, also by programs that the tests
# build; VIPS=system ignores it.
VIPS := $(if $(wildcard .vips/stamp),.vips,system)
ifeq ($(VIPS),.vips)
export PKG_CONFIG_PATH := $(CURDIR)/.vips/lib/pkgconfig:$(PKG_CONFIG_PATH)
# Go's build cache does not know the answers of pkg-config, but it knows this variable.
export CGO_CFLAGS := $(or $(CGO_CFLAGS),-O2 -g) -DTHUMBERY_LIBVIPS=$(shell cat .vips/stamp)
endif

# One set of flags: a package that was built for one purpose is not built again for another.
export GOFLAGS := $(GOFLAGS) -trimpath
# A program with the race detector waits for a second when it ends well, which hundreds of
# commands and dozens of packages of tests do.
export GORACE := $(or $(GORACE),atexit_sleep_ms=50)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## Serve the pictures in testdata, with a page on http://localhost:8080
	./bin/thumbery serve

.PHONY: build
build: ## Build bin/thumbery, and bin/thumbery-worker with libvips
	@tools/install.sh
	@tools/vips.sh which
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/thumbery
	go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/thumbery-worker

.PHONY: deb
deb: ## Build a Debian package for this machine's release, with its libvips, into bin
	@tools/install.sh deb
	rm -f bin/thumbery_*.deb
	env -u PKG_CONFIG_PATH -u CGO_CFLAGS deploy/debian/build.sh $(VERSION) bin

.PHONY: man
man: ## Write the man pages into bin/man
	CGO_ENABLED=0 go run ./cmd/thumbery manual bin/man

.PHONY: vips
vips: ## Build a current libvips into .vips, for build, test and bench; 5 minutes
	@tools/vips.sh

# All packages but e2e: there, the race detector is in the program under test, and the
# tests themselves are only clients. They run each time (-count 1): what programs they
# build and start, the cache of go test does not know.
UNIT := $$(go list ./... | grep -v /e2e)

# The packages that need C. That all others do without it, go vet checks.
CGO := -e /resize/vips -e /cmd/thumbery-worker

# In these packages, and in their tests, nothing happens at once: they run without the race
# detector, with which they would take four times as long.
SEQUENTIAL := ./variant ./resize ./resize/container ./resize/header/... ./resize/icc ./resize/scans \
	./info ./cache/eviction ./api/ui/snippets ./internal/testkit/hostile ./internal/testkit/odd ./internal/testkit/chromium

# What these test is nearly all in C, which the race detector does not see, or sequential: only
# the tests that do several things at once run with it.
IN_C := ./resize/vips ./resize/resizetest
CONCURRENT := 'AtOnce|Concurrent|SideBySide|Fails|^TestConformance$$//Concurrent'

# Packages with tests of very many cases, of which only a sample runs with the race detector.
SAMPLED := $(IN_C) ./resize/sandbox/worker ./cmd/thumbery ./cmd/thumbery-worker

# The types of Kubernetes are several times as much code as Thumbery: without inlining and
# debug information they take a third less CPU to compile.
QUICKLY := '-gcflags=k8s.io/...=-l -dwarf=false'

.PHONY: check
check: lint ## Check the style and run the unit tests that need no server; a minute
	go test -short -vet=off -timeout 30m $(UNIT)

.PHONY: test
test: ## Run all tests, with real servers and real photographs; 6 minutes
	@tools/install.sh test
	@tools/vips.sh which
	@tools/photos.sh
	go run ./internal/testkit/pinned/build
	$(MAKE) -j 2 test-race test-others

# The two halves of the tests run side by side: in each, there are times when a CPU is idle.
.PHONY: test-race test-others
test-race:
	go test -race -vet=off -timeout 30m $$(go list ./... | grep -v /e2e | grep -vxF "$$(go list $(SEQUENTIAL) $(IN_C))")
	go test -vet=off -count 1 -timeout 30m -parallel 6 ./e2e/...

test-others:
	go test -vet=off -timeout 30m $(SAMPLED) $(SEQUENTIAL)
	go test -race -vet=off -timeout 30m -run $(CONCURRENT) ./resize/vips
	[ "$$(uname)" = Darwin ] || $(MAKE) test-clients
	cd bench && go test -vet=off ./...
	cd deploy/kubernetes && go test -vet=off -count 1 $(QUICKLY) ./...

# Debian's, with the frameworks in Debian's packages.
PYTHON := $(or $(wildcard /usr/bin/python3),python3)

.PHONY: test-clients
test-clients: ## Test the libraries in clients/, in their frameworks; five seconds
	node --test clients/js/index.test.js
	cd clients/python && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -W ignore -m unittest -q
	php clients/php/test.php
	ruby clients/ruby/test.rb

.PHONY: test-frameworks
test-frameworks: build ## Test clients/js with Express, Next.js, Nuxt Image, a bundler and TypeScript; 300 MB from npm
	mkdir -p .tools/frameworks
	cp clients/js/frameworks/* clients/examples/express/app.mjs .tools/frameworks/
	cd .tools/frameworks && npm install --no-audit --no-fund --no-package-lock
	cd .tools/frameworks && node --test frameworks.test.js && npx tsc -p .

.PHONY: vectors
vectors: ## Write testdata/urls.json anew, which the libraries in clients/ are checked against
	go test ./variant -run TestURLs -update

FUZZTIME := 20s
.PHONY: fuzz
fuzz: ## Fuzz every parser for FUZZTIME (20s), two at once
	@tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks, against peers in the same run; 45 minutes
	@tools/install.sh bench
	@tools/vips.sh which
	go test -run '^$$' -bench . -benchmem ./variant ./cache/... ./api
	$(BENCH) ./hits
	$(BENCH) ./latency
	$(BENCH) ./purge -files 100000
	$(BENCH) ./resize
	$(BENCH) ./resize -memory
	$(BENCH) ./outage
	$(BENCH) ./pages -short

.PHONY: bench-outage
bench-outage: ## Measure what users see when S3 fails, and under overload; 6 minutes
	@tools/install.sh bench
	@tools/vips.sh which
	$(BENCH) ./outage

.PHONY: bench-hostile
bench-hostile: ## Request hostile files beside honest ones, damaged ones, and crashes; an hour
	@tools/install.sh bench
	@tools/vips.sh which
	$(BENCH) ./hostile
	$(BENCH) ./hostile -mutated 20000
	$(BENCH) ./hostile -crashes 2m

.PHONY: bench-mezzanines
bench-mezzanines: ## Measure pages with many sizes: mezzanines, priming, popularity; 80 minutes
	@tools/install.sh bench
	@tools/vips.sh which
	$(BENCH) ./mezzanine
	$(BENCH) ./pages

.PHONY: bench-quality
bench-quality: ## Measure the quality of results against a reference; an hour
	@tools/install.sh bench
	$(BENCH) ./quality

.PHONY: goldens
goldens: ## Regenerate the goldens of the engine, and a page to compare them
	go test ./resize/vips -run TestGoldens -update -v

.PHONY: bench-purge
bench-purge: ## Measure the purge of a million files; 20 minutes, 40 GB in /tmp
	$(BENCH) ./purge -files 1000000

.PHONY: lint
lint: ## Check the style: gofumpt, go vet and staticcheck
	@tools/install.sh
	@files=$$($(LINT) gofumpt -l $$(git ls-files '*.go')); \
		if [ -n "$$files" ]; then echo "not formatted, run make format:"; echo "$$files"; exit 1; fi
	CGO_ENABLED=0 go vet $$(go list ./... | grep -v $(CGO))
	go vet $$(go list ./... | grep $(CGO))
	$(LINT) staticcheck ./...
	cd bench && go vet ./... && go tool -modfile=../tools/lint.mod staticcheck ./...

.PHONY: format
format: ## Format the code
	$(LINT) gofumpt -w $$(git ls-files '*.go')

.PHONY: pictures
pictures: ## Regenerate the pictures in testdata
	go -C bench generate ./pictures

# What draws the charts of the page.
UPLOT := 1.6.32
.PHONY: ui-vendor
ui-vendor: ## Get what the page in api/ui needs from npm
	rm -rf .tools/uplot && mkdir -p .tools/uplot api/ui/page/vendor/uplot
	cd .tools/uplot && npm pack --silent uplot@$(UPLOT) && tar xzf uplot-$(UPLOT).tgz
	cd .tools/uplot/package && cp LICENSE dist/uPlot.esm.js dist/uPlot.min.css $(CURDIR)/api/ui/page/vendor/uplot/

.PHONY: screenshots
screenshots: ## Take the screenshots in docs/ anew; three minutes
	go test -vet=off -count 1 -run TestScreenshots ./e2e/page -args -screenshots $(CURDIR)/docs

.PHONY: clean
clean: ## Remove what was built and cached here
	rm -rf bin thumbery-cache .tools/mutants
