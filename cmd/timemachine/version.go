package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases.
var version string

// build describes the source and the system of this program.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Time    string `json:"time,omitempty"`
	Dirty   bool   `json:"dirty,omitempty"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

func (a *app) versionCommand() *cobra.Command {
	return newCommand("version", "print the version", "", noArgs, func(context.Context, []string) error {
		b := buildVersion()
		if a.flags.json {
			return a.printJSON(b)
		}
		return a.print(b.String())
	})
}

func buildVersion() build {
	b := build{Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Dirty = s.Value == "true"
		}
	}
	return b
}

// String is the build in one line.
func (b build) String() string {
	text := "timemachine " + b.Version
	if b.Version == "" {
		text = "timemachine (unversioned)"
	}
	if b.Commit != "" {
		text += " commit " + b.Commit
	}
	if b.Dirty {
		text += " (modified)"
	}
	return fmt.Sprintf("%s %s %s", text, b.Go, b.System)
}
