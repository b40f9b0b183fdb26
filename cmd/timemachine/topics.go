package main

import (
	"strings"

	"github.com/spf13/cobra"

	"timemachine/watch/config"
)

// helpTopics are pages of help that belong to no command.
func helpTopics(root *cobra.Command) []*cobra.Command {
	topic := func(name, short, long string) *cobra.Command {
		return &cobra.Command{Use: name, Short: short, Long: long}
	}
	return []*cobra.Command{
		topic("configuration", "what the configuration may hold", configurationHelp),
		topic("time", "how to name a moment or a version", timeHelp),
		topic("files", "where everything is", filesHelp),
		topic("patterns", "patterns and exclusions of the watch list", patternsHelp),
		topic("exit-codes", "what an exit code says", exitCodesHelp),
		topic("flags", "flags and variables of every command", flagsHelp(root)),
		topic("reading-with-git", "the same questions, answered by git alone", readingHelp),
	}
}

const timeHelp = `A moment is named as people name it, wherever a command takes WHEN: log --since, show --at, diff FROM TO, restore --at. Local
time is meant where no zone is given; the variable TZ changes the zone.

` + whenHelp + `

Which version is it?

  timemachine log PATH                  lists the versions
  timemachine ls FOLDER --at WHEN       what was in a folder then
  timemachine diff PATH WHEN            what changed since
  timemachine restore PATH --at WHEN -n what a restore would do

A deletion has a moment too: the one at which a run noticed it. Its commit, as WHEN, means just before it.`

const filesHelp = `Of setup, as root:

  /etc/timemachine/config.dat    the configuration: what is recorded
  /etc/timemachine/timemachine.log
                                 the log; grep -i error finds errors
  /var/backups/timemachine       the destination: the history
  /etc/cron.d/timemachine        the schedule, once schedule install has
                                 made it; or units in /etc/systemd/system

As another user:

  ~/.config/timemachine/config.dat and timemachine.log
  ~/.local/share/timemachine     the destination
  crontab -l                     the schedule; or units in
                                 ~/.config/systemd/user

XDG_CONFIG_HOME and XDG_DATA_HOME change the first two. timemachine config prints what is in force.

Without setup, everything is in the current folder: add and run make config.dat and timemachine.log there, and the history beside them.
-c, -cl and -d name other places:

  mkdir ~/history && cd ~/history
  timemachine add ~/notes       watch it, and take the first versions
  timemachine                   one run: take what changed since
  timemachine -cl ~/history -d ~/history log ~/notes
                                the same from any folder

In the destination:

  .git                           an ordinary git repository: the history
  files/etc/hosts                the newest version of /etc/hosts
  copies/etc/2026-11-23T04-48-12.174276Z-hosts
                                 one plain file for each version
  README.txt                     how to read it without timemachine

Where a command that asks the history takes a PATH, files/etc/hosts stands for /etc/hosts, and a copy for its version: show prints
it, restore brings it back, and diff compares it with the file as it is. A WHEN that is given counts instead of the copy's.

files/ and copies/ are made from the history. Deleting them loses nothing: timemachine verify --repair and copies rebuild make them
again. Everything in the destination is closed to other users. Whoever can read it reads all that was ever in the watched files.

What is remembered between runs:

  $XDG_STATE_HOME/timemachine    destinations used and warnings given
                                 (else ~/.local/state/timemachine)

The log is rotated at 10 MB, and three old ones are kept.`

const exitCodesHelp = `Every command ends with one of these:

  0  done, also when nothing changed or another run was at work
  1  failed; verify: problems are left; status --max-age: too long ago;
     push: the remote lacks something; doctor: something needs a hand
  2  wrong usage or configuration; nothing was done
  3  done, but some files could not be recorded or restored; each is named

timemachine git ends with the exit code of git.

In a monitor:

  timemachine status --max-age 10m >/dev/null || echo "no run for 10 minutes"
  timemachine doctor || echo "something needs a hand"

A file that can never be read makes every run end with 3. Make it readable, or leave it out: timemachine add '!PATH'.`

var patternsHelp = `An item of the watch list is a file, a folder with all that is in it, or a pattern:

  notes.txt             a file, in the folder of the configuration
  /etc                  a folder, with all below it
  ~/notes/**/*.md       every .md file below ~/notes, at any depth
  /srv/{www,ftp}/conf   two paths
  /var/log/app-[0-9]*   * is part of one name, ? one character

Files that come later and match are recorded too. A \ before * ? [ { makes it literal; timemachine add does that for the name of an
existing file. Quote patterns for the shell: timemachine add '*.md'.

An exclusion begins with ! in the watch list, and stands without it in exclude:. The syntax is that of .gitignore:

  !*.bak                files and folders of this name, anywhere
  !cache/               folders of this name, with all in them
  !/etc/ssl/private/    this folder
  !logs/*.log           below the folder of the item or the configuration
  !!important.bak       watch such files again

The last one that matches decides. Nothing below an excluded folder is watched again. What an item itself names is always watched.

Left out below every watched folder, unless an item names it:

` + wrapWords(config.DefaultExclusions, "  ", 72) + `

They are git's own folders, and what editors, desktops, file systems and package managers write for a moment
(docs/exclusions.md says which does). "default-exclusions: false" watches them all; "!!*.swp" in the watch list, or
"!*.swp" in exclude, watches those again. The destination, the log, any other file of the name timemachine.log and what else
timemachine writes itself are never watched.

  timemachine why PATH  which item records a file, or what leaves it out
  timemachine list -v   what each item selects now`

// wrapWords fills lines of a width with words, each line after a prefix.
func wrapWords(words []string, prefix string, width int) string {
	lines := []string{prefix + words[0]}
	for _, word := range words[1:] {
		last := &lines[len(lines)-1]
		if len(*last)+1+len(word) > width {
			lines = append(lines, prefix+word)
		} else {
			*last += " " + word
		}
	}
	return strings.Join(lines, "\n")
}

// flagsHelp tells the flags of every command, and the variables.
func flagsHelp(root *cobra.Command) string {
	return "These flags go with every command, before or after it:\n\n" + strings.TrimRight(root.PersistentFlags().FlagUsagesWrapped(narrow), "\n") + `

These stand for a command, and go without one, as in the first version of the program:

  timemachine -l                same as timemachine list
  timemachine -a FILE           same as timemachine add FILE (repeatable)
  timemachine -r FILE           same as timemachine remove FILE (repeatable)

` + environmentHelp
}

const environmentHelp = `Environment (flags beat it, it beats the configuration):
  TIMEMACHINE_CONFIG        as --config
  TIMEMACHINE_DESTINATION   as --destination
  NO_COLOR                  no colours
  PAGER                     for what is longer than the terminal (default less,
                            which shows the rest at once); PAGER=cat: none
  VISUAL, EDITOR            for config edit
  TZ                        the time zone of what is asked and shown`
