package config

import "slices"

// Manual describes one key of the configuration. docs/configuration.md, config.dat(5) and the help
// are rendered from these rows.
type Manual struct {
	Key     string // that of a key in a mapping follows a point: "push.remote"
	Value   string // what may stand there, with its unit
	Default string // as Setting.Value has it
	Example string // lines of the file
	Text    string
}

// Manuals are the keys in the order of Keys, each followed by those of its mapping.
var Manuals = []Manual{
	{"destination", "a folder", "the current folder", "destination: /var/backups/timemachine",
		"The folder of the history. The flag -d and the variable TIMEMACHINE_DESTINATION beat it. timemachine setup writes it."},
	{"watch", "a list", "empty", "watch:\n  - /etc\n  - ~/notes/**/*.md\n  - \"!*.bak\"",
		"What is recorded: files, folders with all that is in them, and patterns. An item that begins with ! is an exclusion for the whole list. While the list is empty and the history has files, runs say so, with exit code 3."},
	{"watch.path", "a file, folder or pattern", "none: it must be given", "watch:\n  - path: /srv/www",
		"The path of an item that has exclusions of its own."},
	{"watch.exclude", "a list of exclusions", "empty", "watch:\n  - path: /srv/www\n    exclude: [\"cache/\", \"*.log\"]",
		"What is left out below this item alone."},
	{"exclude", "a list of exclusions", "empty", "exclude: [\"*.bak\", \"/etc/ssl/private/\"]",
		"What is left out everywhere, in the syntax of .gitignore. The last exclusion that matches decides; ! before it watches such files again."},
	{"max-size", "a size: bytes, or a number with KiB, MiB, GiB, TiB (1024) or KB, MB, GB, TB (1000)", "no limit", "max-size: 100MiB",
		"Larger files are skipped. Each is named by the run, and the exit code is 3."},
	{"copies.keep", "all, none, a time, or a number of copies", "all", "copies: {keep: 30d}",
		"Which versions keep their plain copy in copies/; \"copies: 30d\" says the same. A time is a number with s, m, h, d, w or y, up to 100y: the versions that were in force within it keep their copies. A number keeps that many of the newest copies of each file. The newest copy of a file that exists always stays, as does a copy whose content the history has lost. Runs remove the others; with a time, within a tenth of it or a day. A clock more than a day ahead of the last run is believed a day at a time. With none, runs write no copies, and existing ones stay until timemachine copies prune. The history needs no copies."},
	{"copies.min-free", "a size, or a percentage of the file system", "5% or 1GiB, whichever is less", "copies: {min-free: 5%}",
		"No copies are written while less than this is free. Versions are recorded all the same."},
	{"touched", "record or ignore", "record", "touched: ignore",
		"With ignore, a new mtime alone makes no version."},
	{"default-exclusions", "true or false", "true", "default-exclusions: false",
		"With false, only what the file says is left out. timemachine help patterns lists the defaults."},
	{"exclude-xattrs", "a list of names, with * ? [a-z]", "empty", "exclude-xattrs: [\"user.*\"]",
		"Extended attributes that are not recorded."},
	{"ignore-lines", "a mapping of files or patterns to lists of regular expressions", "empty", "ignore-lines: {\"/etc/app.conf\": [\"^# saved on \"]}",
		"Lines whose changes mean nothing. A file of up to 1 MiB that has changed only in lines that match gets no version, also where its mtime has changed with them. Any other change makes a version, which holds the whole file as it is. The syntax is that of RE2; an expression matches anywhere in a line unless ^ and $ bind it. A restore records such a file before it replaces it. A run compares lines for 5 seconds at most; files that it has not compared by then get versions."},
	{"push.remote", "the name of a git remote, a URL or a path", "none: runs do not push", "push: {remote: origin}",
		"Where runs push what they record. \"push: origin\" says the same."},
	{"push.branch", "the name of a branch", "as here", "push: {remote: origin, branch: \"hosts/{hostname}\"}",
		"The branch at the remote. {hostname} stands for the name of this host."},
	{"push.timeout", "a time between 1s and 24h: a number with s, m or h", "60s", "push: {remote: origin, timeout: 10m}",
		"How long one exchange with the remote may take."},
	{"push.with", "auto, git or builtin", "auto", "push: {remote: origin, with: builtin}",
		"What speaks with the remote: git, timemachine itself, or, with auto, git where it can."},
	{"push.private", "yes or no", "no", "push: {remote: origin, private: yes}",
		"With yes, files that not everybody may read here are pushed too, such as /etc/shadow. Everybody who can read the remote can then read the password hashes and keys in them."},
}

// defaultOf returns the value that a key has where the file does not give it.
func defaultOf(key string) string {
	i := slices.IndexFunc(Manuals, func(m Manual) bool { return m.Key == key })
	if i < 0 {
		return ""
	}
	return Manuals[i].Default
}

// FullExample is a configuration with every key, and a comment on each.
const FullExample = `# What timemachine records, and where it keeps the history.
# Every key may be left out.

# The folder of the history.
destination: /var/backups/timemachine

# Files, folders with all that is in them, and patterns.
watch:
  - /etc
  - /root/.bashrc
  - ~/notes/**/*.md
  - "!*.cache"               # begins with !: left out
  - path: /srv/www           # with exclusions of its own
    exclude: ["uploads/", "*.log"]

# Left out everywhere, in the syntax of .gitignore.
exclude: ["*.bak", "/etc/ssl/private/"]

# Leave out what editors and package managers write for a moment.
default-exclusions: true

# Larger files are skipped and named: KiB, MiB, GiB, TiB.
max-size: 100MiB

# One plain file for each version, beside the history.
copies:
  keep: all                  # or none
  min-free: 5%               # no copies while less is free

# A new mtime alone makes a version; ignore: it makes none.
touched: record

# Extended attributes that are not recorded.
exclude-xattrs: ["user.xdg.*"]

# Lines in which a change alone makes no version.
ignore-lines:
  /etc/app.conf: ["^# saved on "]

# Push after each run that recorded something. The history of /etc
# holds password hashes and keys: mind who can read the remote.
push:
  remote: origin             # a git remote, a URL or a path
  branch: "hosts/{hostname}" # default: as here
  timeout: 60s               # of one exchange, 1s to 24h
  with: auto                 # or git, or builtin
  private: no                # yes: also files like /etc/shadow
`
