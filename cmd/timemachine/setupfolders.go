package main

import (
	"os"
	"os/exec"
	"path/filepath"
)

// setupFolders are the folders in which setup makes a configuration and a destination, and in which
// every command finds them. A field is "" where no home folder is known.
type setupFolders struct {
	config      string
	destination string
	schedule    string // a file in which cron reads crontab lines of many users; "" for users
}

// rootFolders are those of root, whatever the environment says: under sudo -E it is another user's.
var rootFolders = setupFolders{config: "/etc/timemachine", destination: "/var/backups/timemachine", schedule: "/etc/cron.d/timemachine"}

// configFile is the configuration in them.
func (f setupFolders) configFile() string {
	if f.config == "" {
		return ""
	}
	return filepath.Join(f.config, defaultConfig)
}

// setupFolders are the folders of the running user, by the rules of the XDG Base Directory
// Specification.
func (a *app) setupFolders() setupFolders {
	if a.uid == 0 {
		return a.rootFolders
	}
	return setupFolders{
		config:      below(a.xdgFolder("XDG_CONFIG_HOME", ".config")),
		destination: below(a.xdgFolder("XDG_DATA_HOME", ".local/share")),
	}
}

// below is the folder of this program in a folder of all programs.
func below(folder string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, programName)
}

// xdgFolder is the folder that a variable names, else the one below the home folder; "" where none
// is known. A relative path is invalid, and ignored.
func (a *app) xdgFolder(variable, belowHome string) string {
	if folder := a.env(variable); filepath.IsAbs(folder) {
		return folder
	}
	for _, home := range []string{a.env("HOME"), a.account.home} {
		if filepath.IsAbs(home) {
			return filepath.Join(home, belowHome)
		}
	}
	return ""
}

// programPath is the path under which this program was started: one that cron can use.
func programPath() string {
	if path, err := exec.LookPath(os.Args[0]); err == nil {
		if path, err = filepath.Abs(path); err == nil {
			return path
		}
	}
	if path, err := os.Executable(); err == nil {
		return path
	}
	return programName
}
