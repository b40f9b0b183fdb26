# Targets: build test race fuzz bench microbench lint check install, first (a first history of /etc), test-system (root, cron, small disks), torture (half an hour of faults).
GO       ?= go
PREFIX   ?= /usr/local
FUZZTIME ?= 30s
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FIRST    ?= $(HOME)/timemachine-first
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build first test test-system torture race fuzz bench microbench lint cross check man install

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/timemachine ./cmd/timemachine

# A first history of this machine's /etc in $(FIRST). Exit 3 says that some files could not be read, which is to be
# expected without root; they are named, and the rest is recorded.
first: build
	@mkdir -p "$(FIRST)/config" && chmod 700 "$(FIRST)" "$(FIRST)/config"
	bin/timemachine -cl "$(FIRST)/config" -d "$(FIRST)/history" add /etc || [ $$? -eq 3 ]
	@git -C "$(FIRST)/history" --no-pager log -5 --stat --format='%h %ad %an  %s' --date=iso
	@echo "This is $(FIRST)/history: read it with git log -p -- files/etc/hosts, or any other git command."

test:
	$(GO) test ./...
	@echo "left out: what needs root, cron or small file systems: make test-system"

test-system:
	$(GO) test -count=1 -timeout 40m -tags system ./cmd/... ./repo/internal/transport

# Every file-system operation of every scenario goes wrong in every way, the power fails at every moment, and runs are
# killed among git's own commands; a model of the history is driven beside the program. The counts are printed.
torture:
	$(GO) test -count=1 -timeout 4h -v ./watch -run '^TestFaults$$|^TestPowerFailures$$|^TestRestoreFaults$$|^TestRestoreGivesNothingAway$$|^TestExchangedBesideRuns$$|^TestFolderAndLinkExchanged$$|^TestManyRunsStaySmall$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./repo/internal/transport -run '^TestFolderFaults$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./repo/git/pack ./repo/git/index ./watch/scan -run 'UnderReaders$$|^TestReadBesideMoves$$' -torture
	$(GO) test -count=1 -timeout 1h -v ./cmd/timemachine -run '^TestNoFileIsWhatItClaims$$|^TestVerifyAmongRuns$$' -torture
	$(GO) test -count=1 -timeout 1h -v -tags torture ./cmd/timemachine -run '^TestKilledAmongOthers$$'
	$(GO) test -count=1 -timeout 4h -v -tags torture ./cmd/timemachine -run '^TestModel$$' -model.total=10000

# With -short, since tests that start the program hundreds of times say nothing about races: they take a sample. All
# of it lies on disk, where make test takes memory for most.
race:
	TESTS_ON_DISK=1 $(GO) test -race -short -timeout 30m ./...

fuzz:
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p; \
	  done; done

# Ours and the peers side by side on the same trees: docs/performance.md. BENCH=quick takes a tenth of everything;
# BENCHDIR is where, on a disk; BENCHFLAGS is for the rest (bin/bench -h).
bench: build
	$(GO) build -trimpath -o bin/bench ./cmd/bench
	@exec bin/bench -binary bin/timemachine $(if $(filter quick,$(BENCH)),-quick) $(if $(BENCHDIR),-dir "$(BENCHDIR)") $(BENCHFLAGS)

microbench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags system ./...
	$(GO) vet -tags torture ./...
	$(GO) run $(STATICCHECK) ./...

cross:
	@set -e; for os in linux darwin; do for arch in amd64 arm64; do \
	  echo "$$os/$$arch"; GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(GO) vet ./... ; done; done

check: lint test cross

# The manual pages, from the commands' own help.
man: build
	@rm -rf bin/man && mkdir -p bin/man
	bin/timemachine man bin/man

install: build man
	install -D -m 755 bin/timemachine "$(DESTDIR)$(PREFIX)/bin/timemachine"
	install -d "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man7"
	install -m 644 bin/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -m 644 bin/man/*.7 "$(DESTDIR)$(PREFIX)/share/man/man7"
