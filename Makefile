# make help lists the targets.
GO       ?= go
PREFIX   ?= /usr/local
FUZZTIME ?= 30s
FIRST    ?= $(HOME)/timemachine-first
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Expanded where something is built, and nowhere else: make install runs neither git nor go. git
# reads no clone of another owner; such a build is "devel", and go is told not to ask git.
VERSION  = $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
VCS      = $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false)
DATED    = SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null)}

# Where runs spend their time, for the compiler (docs/decisions/0033). It is not named default.pgo: tests need not be
# compiled by it.
PROFILE := cmd/timemachine/build.pgo

BIN      = $(DESTDIR)$(PREFIX)/bin
MAN      = $(DESTDIR)$(PREFIX)/share/man
BASHCOMP = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHCOMP  = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHCOMP = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

.PHONY: all build man completions docs first install uninstall help \
	test test-system torture race fuzz bench dist profile microbench lint cross check

all: build man completions ## the program, manual pages and completions, in bin/

build: ## the program alone, bin/timemachine
	@echo "bin/timemachine"
	@$(GO) build -trimpath $(VCS) -pgo=$(PROFILE) -ldflags "-X main.version=$(VERSION)" -o bin/timemachine ./cmd/timemachine

# The manual pages, from the commands' own help.
man: build
	@echo "bin/man"
	@rm -rf bin/man && mkdir -p bin/man
	@$(DATED) bin/timemachine man bin/man

completions: build
	@echo "bin/completions"
	@mkdir -p bin/completions
	@bin/timemachine completion bash >bin/completions/timemachine
	@bin/timemachine completion zsh >bin/completions/_timemachine
	@bin/timemachine completion fish >bin/completions/timemachine.fish

docs: build ## docs/configuration.md, from the table of keys in watch/config
	bin/timemachine man --configuration docs/configuration.md

first: build ## a first history of /etc, in ~/timemachine-first
	@sh docs/first "$(FIRST)"

# Copies what make has built, and builds nothing: root needs no Go, and runs neither go nor git in a
# clone of another user.
install: ## copy what make has built to /usr/local (PREFIX, DESTDIR)
	@test -x bin/timemachine && test -e bin/man/timemachine.1 && test -e bin/completions/timemachine || \
	  { echo "nothing to install yet: type make first, without sudo" >&2; exit 1; }
	install -d "$(BIN)" "$(MAN)/man1" "$(MAN)/man5" "$(MAN)/man7" "$(BASHCOMP)" "$(ZSHCOMP)" "$(FISHCOMP)"
	install -m 755 bin/timemachine "$(BIN)/timemachine"
	install -m 644 bin/man/*.1 "$(MAN)/man1"
	install -m 644 bin/man/*.5 "$(MAN)/man5"
	install -m 644 bin/man/*.7 "$(MAN)/man7"
	install -m 644 bin/completions/timemachine "$(BASHCOMP)/timemachine"
	install -m 644 bin/completions/_timemachine "$(ZSHCOMP)/_timemachine"
	install -m 644 bin/completions/timemachine.fish "$(FISHCOMP)/timemachine.fish"

uninstall: ## take away what install has copied, and no history
	rm -f "$(BIN)/timemachine" "$(MAN)"/man1/timemachine.1 "$(MAN)"/man1/timemachine-*.1
	rm -f "$(MAN)"/man5/config.dat.5 "$(MAN)"/man7/timemachine-*.7
	rm -f "$(BASHCOMP)/timemachine" "$(ZSHCOMP)/_timemachine" "$(FISHCOMP)/timemachine.fish"
	@# and the folders that are empty now, but for those that every system has
	@for d in "$(MAN)/man1" "$(MAN)/man5" "$(MAN)/man7"; do rmdir "$$d" 2>/dev/null || :; done
	@for d in "$(BASHCOMP)" "$(ZSHCOMP)" "$(FISHCOMP)"; do rmdir "$$d" "$${d%/*}" 2>/dev/null || :; done

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

test: ## what needs Go and git alone
	$(GO) test ./...
	cd cmd/bench && $(GO) test ./...
	cd cmd/dist && $(GO) test ./...
	@echo "left out: what needs root, cron or small file systems: make test-system"

# The tests in files with the tag, and the model, which mounts file systems with it. make test has the others. Those that
# may run beside others mostly wait for cron.
test-system: ## what needs root, users, cron and small file systems
	@files=$$(grep -lr --include='*_test.go' '^//go:build.*system' cmd repo watch) && \
	  names=$$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(t .*/\1/p' $$files | sort -u | tr '\n' '|') && \
	  packages=$$(dirname $$files | sort -u | sed 's|^|./|') && echo $(GO) test -tags system $$packages && \
	  $(GO) test -count=1 -timeout 40m -parallel 6 -tags system -run "^($${names}TestModel|TestModelWatch)$$" $$packages
	TESTS_ON_DISK=1 $(GO) test -count=1 -short ./watch ./repo ./repo/restore

# Every file-system operation of every scenario goes wrong in every way, the power fails at every moment, and runs are
# killed among git's own commands; a model of the history is driven beside the program. The counts are printed.
torture: ## hours of faults, power failures and kills
	$(GO) test -count=1 -timeout 4h -v ./watch -run '^TestFaults$$|^TestPowerFailures$$|^TestRestoreFaults$$|^TestRestoreGivesNothingAway$$|^TestExchangedBesideRuns$$|^TestFolderAndLinkExchanged$$|^TestManyRunsStaySmall$$|^TestYearsStaySmall$$|^TestPartsRecordWhatFullRunsDo$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./repo/internal/transport -run '^TestFolderFaults$$|^TestFolderTidyFaults$$|^TestFolderPower$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./repo/git/ref -torture
	$(GO) test -count=1 -timeout 1h -v ./repo/git/pack ./repo/git/index ./watch/cache -run 'UnderReaders$$|^TestReadBesideMoves$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./cmd/timemachine -run '^TestNoFileIsWhatItClaims$$|^TestVerifyAmongRuns$$' -torture
	$(GO) test -count=1 -timeout 1h -v -tags torture ./cmd/timemachine -run '^TestKilledAmongOthers$$'
	$(GO) test -count=1 -timeout 4h -v -tags torture ./cmd/timemachine -run '^TestModel$$' -model.total=10000
	$(GO) test -count=1 -timeout 1h -v -tags torture,system ./cmd/timemachine -run '^TestWhole|^TestExchanged|^TestIdleRunCostsTheSame$$' -torture

# With -short, since tests that start the program hundreds of times say nothing about races: they take a sample. Of the
# command, those tests run in which goroutines or several processes meet; what it shows on a screen has none.
# A program with the race detector waits for a second before it ends, unless it is told otherwise: scripts start thousands.
race: export GORACE = atexit_sleep_ms=20
race: ## the tests under the race detector
	$(GO) test -race -short -timeout 30m $$($(GO) list ./... | grep -v '/cmd/timemachine$$')
	$(GO) test -race -short -timeout 30m ./cmd/timemachine -run '^TestScripts$$|^TestModel$$|^TestFleet|^TestWeekOfRuns$$|^TestVerifyAmongRuns$$|^TestDiffOfAFolderAtWork$$'

fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p; \
	  done; done

# Ours and the peers side by side on the same trees: docs/performance.md. BENCH=quick takes a tenth of everything;
# BENCHDIR is where, on a disk; BENCHFLAGS is for the rest (bin/bench -h). bin/years.svg shows 20,000 runs, bin/year.svg a
# simulated year of them. cmd/bench is a module of its own, so that the program does not depend on the library that draws.
bench: build ## this program and its peers on the same trees
	cd cmd/bench && $(GO) build -trimpath $(VCS) -o ../../bin/bench .
	@exec bin/bench -binary bin/timemachine -plot bin/years.svg -plot-year bin/year.svg $(if $(filter quick,$(BENCH)),-quick) $(if $(BENCHDIR),-dir "$(BENCHDIR)") $(BENCHFLAGS)

# The same bytes for the same commit and version of Go. cmd/dist is a module of its own, so that the program does not
# depend on the library that writes packages.
dist: ## archives, Debian and RPM packages, in bin/dist
	@rm -rf bin/dist
	@cd cmd/dist && $(GO) run . -source ../.. -o ../../bin/dist

profile: ## measure anew what make build compiles by
	$(GO) test -trimpath -run '^$$' -bench Runs -benchtime 6x -cpuprofile $(PROFILE) -o bin/watch.test ./watch

microbench: ## Go's own benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint: ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags system ./...
	$(GO) vet -tags torture ./...
	$(GO) run $(STATICCHECK) ./...
	cd cmd/bench && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...
	cd cmd/dist && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...

cross: ## vet for Linux and macOS, amd64 and arm64
	@set -e; for os in linux darwin; do for arch in amd64 arm64; do \
	  echo "$$os/$$arch"; GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(GO) vet ./... ; done; done
	cd cmd/bench && GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./...

check: lint test cross ## what a change must pass
