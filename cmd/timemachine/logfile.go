package main

import (
	"log/slog"

	"timemachine/cmd/timemachine/internal/journal"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// openJournal prepares the log at path. The first line opens the file.
func (a *app) openJournal(path string) {
	a.log = journal.New(path, func(path string) error { return config.CheckPrivate(path, a.watchEnv()) }, a.now)
	a.journal = slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: terminal.EscapeHidden}))
}

// closeFiles writes the rest of the log and the memory. It reports once that the log cannot be
// written.
func (a *app) closeFiles() {
	a.closeLog()
	if a.memory == nil {
		return
	}
	if err := a.memory.save(); err != nil {
		a.journal.Debug("state file is not written", "file", a.memory.file, "cause", durable.Reason(err))
		_ = a.log.Close() // a failure to write has been reported above
	}
}

// closeLog writes the rest of the log.
func (a *app) closeLog() {
	if a.log == nil {
		return
	}
	if err := a.log.Close(); err != nil {
		a.warn("log " + terminal.Quote(a.log.Path) + " is not written: " + durable.Reason(err))
	}
}

// warn prints a warning, unless the last run printed the same. It tells whether it does.
func (a *app) warn(text string) bool {
	news := a.memory == nil || a.memory.isNews(text) || a.console.Terminal || a.console.Verbose
	if news {
		a.console.Warn(text)
	}
	return news
}
