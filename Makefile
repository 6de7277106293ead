# The commands for work in a checkout; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help swift deps build test demo bench format lint release install deb deb-test \
  systemd-test clean

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
SWIFT ?= swift
# Simulated worlds that `make test` plays; `make test WORLD_SEEDS=500` plays more.
WORLD_SEEDS ?= 100

SOURCES := Package.swift Sources Tests
# A separate directory: other flags in .build would rebuild everything each time.
RELEASE := .build-release
PROGRAM := $(RELEASE)/release/cognito-certd
SIMULATOR := $(RELEASE)/release/cognito-certd-simulator
# These flags keep paths of this machine, and ids that change with each build, out of the program.
# That does not make builds reproducible: Package.swift pins the packages that it names, but not the
# packages that those depend on.
PLACE := /usr/src/cognito-certd
RELEASE_FLAGS := -c release --static-swift-stdlib --scratch-path $(RELEASE) \
  -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=$(PLACE) \
  -Xswiftc -Xfrontend -Xswiftc -no-clang-module-breadcrumbs \
  -Xcc -ffile-prefix-map=$(CURDIR)=$(PLACE) \
  -Xlinker --build-id=sha1 -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
DOC := $(DESTDIR)$(PREFIX)/share/doc/cognito-certd

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

swift:
	@command -v $(SWIFT) >/dev/null || { \
	  echo "make: '$(SWIFT)' was not found; install Swift 6.2 or later from" \
	    "https://www.swift.org/install/linux and put its usr/bin on the PATH" >&2; exit 1; }

deps: ## Install the Debian packages that are missing (sudo when not root)
	@packaging/install-packages

build: swift deps ## Build everything for debugging
	$(SWIFT) build

# In sequence: WorldTests use every core, and EndToEndTests measure time.
test: swift deps ## Run all tests
	@Tests/Moto/setup
	@Tests/Metrics/setup
	$(SWIFT) test --disable-xctest --skip WorldTests --skip EndToEndTests
	WORLD_SEEDS=$(WORLD_SEEDS) $(SWIFT) test --disable-xctest --skip-build --filter WorldTests
	$(SWIFT) test --disable-xctest --skip-build --filter EndToEndTests

demo: build ## Show a rotation against a simulated AWS, about a minute
	packaging/demo

bench: $(PROGRAM) ## Measure the daemon beside a boto3 loop, about 4 minutes
	@packaging/bench/setup
	$(SWIFT) build $(RELEASE_FLAGS) --product cognito-certd-bench
	BENCH_COMMIT=$$(git describe --always --dirty) $(RELEASE)/release/cognito-certd-bench

format: swift ## Correct the layout of the sources
	$(SWIFT) format -i -r $(SOURCES)

lint: swift ## Check the layout of the sources
	$(SWIFT) format lint --strict -r $(SOURCES)

release: $(PROGRAM) ## Build the program with Swift's libraries linked statically

# Built only when a source changed, so that root needs no Swift for `make install`.
$(PROGRAM): $(shell find Package.swift Sources -type f)
	@$(MAKE) --no-print-directory swift deps
	$(SWIFT) build $(RELEASE_FLAGS) --product cognito-certd
	@touch $@

install: $(PROGRAM) ## Install below PREFIX (/usr/local), inside DESTDIR if given
	install -D -m 755 -s $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/cognito-certd
	sed 's|/usr/bin/cognito-certd|$(PREFIX)/bin/cognito-certd|; s|/usr/share|$(PREFIX)/share|' \
	  systemd/cognito-certd.service | install -D -m 644 /dev/stdin \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system/cognito-certd.service
	install -D -m 644 systemd/cognito-certd.catalog \
	  $(DESTDIR)$(PREFIX)/lib/systemd/catalog/cognito-certd.catalog
	install -D -m 644 -t $(DOC)/examples config/config.yaml config/fleet.yaml \
	  config/alerts.yaml config/alerts_test.yaml config/grafana-dashboard.json \
	  systemd/examples/*.conf
	install -D -m 644 -t $(DOC)/examples/conf.d config/conf.d/*.yaml
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/cognito-certd/conf.d
	@if [ -e $(DESTDIR)$(SYSCONFDIR)/cognito-certd/config.yaml ]; then \
	  echo "$(DESTDIR)$(SYSCONFDIR)/cognito-certd/config.yaml exists and was not changed"; \
	else \
	  install -D -m 644 config/config.yaml \
	    $(DESTDIR)$(SYSCONFDIR)/cognito-certd/config.yaml; \
	fi
	@if [ -z "$(DESTDIR)" ]; then \
	  echo "Next: write your domains into $(SYSCONFDIR)/cognito-certd/config.yaml, then run"; \
	  echo "  cognito-certd check && journalctl --update-catalog && systemctl daemon-reload"; \
	  echo "  systemctl enable --now cognito-certd"; \
	fi

deb: swift ## Build a Debian package into dist/
	packaging/build-deb

deb-test: swift ## Check the package on a bare Debian and under systemd (as root)
	@Tests/Debian/run

systemd-test: ## Check the service under a real systemd in namespaces (as root)
	@Tests/Systemd/run

# Built after the daemon: a change of any source rebuilds both.
$(SIMULATOR): $(PROGRAM)
	@$(MAKE) --no-print-directory swift deps
	$(SWIFT) build $(RELEASE_FLAGS) --product cognito-certd-simulator
	@touch $@

clean: ## Remove all build results
	rm -rf .build $(RELEASE) .build-deb dist
