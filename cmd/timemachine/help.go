package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

const setupHelp = `Make the configuration and the destination, and record the first versions of PATHs. As root these are
/etc/timemachine/config.dat and /var/backups/timemachine; as another user $XDG_CONFIG_HOME/timemachine/config.dat (default
~/.config) and $XDG_DATA_HOME/timemachine (default ~/.local/share). Both are closed to other users: the history holds all
that was ever in the watched files, and the configuration may name a remote with its password. -c and -d name other places.

Every command then finds this configuration and its destination, unless a flag, a variable or a config.dat in the current
folder names another. The last lines of the output are the commands that have runs made regularly, and that undo all this.
--schedule also does what timemachine schedule install does.

What exists stays as it is. Type setup again to add PATHs, or where it could not do everything.

--remote adds a git remote, writes push: origin to the configuration, and pushes. A history of /etc holds password hashes
and keys: files that not everybody may read are sent only when you say so, as timemachine help push tells.`

const setupExamples = `  sudo timemachine setup /etc
  timemachine setup ~/notes ~/.bashrc --schedule
  sudo timemachine setup /etc --remote ssh://git@backup.example.org/srv/web1.git`

var configHelp = `Print where the configuration is, each value in force, and what it comes from: a flag, a variable of the environment, a
line of the file, or the default.

` + configurationHelp

const configEditHelp = `Open a copy of the configuration in $VISUAL, else $EDITOR, else vi. When the editor ends, the text is checked. A mistake is
named with line and column, and you can edit again or keep the old configuration. A valid text replaces the
configuration at one moment; its mode and owner stay, and where it is a link, the link stays.`

const runHelp = `Look at every watched file once, and commit what changed since the last run to the destination.
The destination folder must exist; it gets a repository where it has none.

timemachine schedule install has cron or systemd make a run each minute. A run needs no environment, prints nothing while all is
well, and does nothing while another run is at work. By hand, one of these lines does the same:

  * * * * * root timemachine     in /etc/cron.d/timemachine, after setup by root
  * * * * * timemachine          in your own crontab (crontab -e), after setup
  * * * * * timemachine -cl ~/history -d ~/history

Root follows a link that another user owns only to what belongs to the same user. Where another user owns the
destination, root records no file that this user may not read. What is left out so is named, and the exit code is 3.

FIFOs, sockets and devices have no content to record. One below a watched folder is named once, and then only by status;
one that an entry names, or that has the place of a recorded file, is an error of each run.`

const watchHelp = `Stay running and commit each change soon after the file was written: half a second after the last write, or 5 seconds after
the first one where writing goes on. Like a run, watch looks at everything when it starts and then each minute; in between
it looks only at what changed. Runs by cron and other commands may go on beside it.

The system tells it what changed. For root that is fanotify, which covers whole file systems. For other users, and on file
systems without fanotify (subvolumes of btrfs, some FUSE), it is inotify, which needs a watch for each folder. Where the
system has no more watches, that is said once, with the sysctl that raises the limit. Some changes come without an event: in
folders without a watch, on file servers, through mmap, and through a name that is not watched. The look at everything finds
them.

It reads the configuration again when the file changes, and on SIGHUP. A broken configuration is named once, and the last
good one stays in force. SIGTERM, SIGINT and the closing of its terminal end it: it finishes the run at hand within 5
seconds and exits 0, and the log says why. status tells whether a watch is running. To a service manager (systemd,
Type=notify) it says READY=1, WATCHDOG=1 while it is alive, and in STATUS= what it does.`

const addHelp = `Watch files or folders, and record their first versions at once. The configuration and the destination are made when
they are missing. A path that is watched already is recorded all the same, and add says so. timemachine help config tells
what else the configuration may hold, and help patterns what is left out of a watched folder.

PATH may be a pattern or, with ! before it, an exclusion. Quote it, so that the shell leaves it alone: add '*.md' also
watches the files that come later, and add '!*.bak' leaves such files out. Where a file has that name, PATH means the file.`

const removeHelp = `Stop watching. What was captured stays in the history. PATH is a path, or an entry's text as list prints it.
What is watched through a folder has no entry to remove: add '!PATH' leaves it out.`

const listHelp = `Print the watch list as written, one entry per line. With -v, print below each entry the files that it selects now, and at
the end what is left out by default. With --json -v, the default exclusions are entries of the kind default-exclusion.`

const whyHelp = `Tell whether a run records PATH, and why. If it does: since when, and through which entry of the watch list. If it does not:
which exclusion leaves it out, with its line in the configuration, or that it is a default one; or which other reason there
is, with what to type to add it. Other reasons are that PATH is too large, no file with content, behind a link, on a file
system like /proc, timemachine's own, missing, unreadable, or not below any entry.

PATH need not exist. Only PATH and the folders above it are looked at, and nothing is read or written. The exit code is 0
for either answer.`

const whyExamples = `  timemachine why notes.swp
  timemachine why /etc/shadow /etc/.git/config`

const statusHelp = `Print what is watched, when the last run was and how it ended, what runs timemachine regularly, the space that the destination
takes and how it grows, and what a run would do now: what it would record, what cannot be read, what is listed and missing, and
which deletions are held back. Before the first run, print what that would record.

status writes nothing, takes no lock, and reads no file's content. A run reads a file again whose times and size leave open
whether it has changed.

Schedule: a watch that is running, lines of your crontab, of /etc/crontab and /etc/cron.d, and enabled timers and watch services of
systemd that run this configuration. Root does not look into other users' crontabs. schedule show tells whether cron or systemd
is at work.

With a configuration that cannot be used, its error comes first, then what the destination tells; the exit code is 2. The
destination is that of -d or the environment, else the one that the configuration has used last.

Growth: what was recorded in the last 30 days, or since the first run, without what that recorded; nothing before a day has
passed. The bytes a day are estimated on the high side: content, plain copies, and 6 KiB for each version; .git compresses content.

--max-age is for monitors. It checks only the age of the last good run and, where runs push, that of the oldest version that
the remote lacks. It prints a line for each, and exits 1 where one is too old, or where the watch list is empty while the
history has files. A good run further in the future than AGE fails too: it ended before the clock was set back. A run is good
when it captured everything that is watched (its exit code was 0), also when nothing had changed. A file that can never be read
keeps every run from being good: make it readable, or leave it out with an exclusion.

--porcelain prints lines of a key and a value for scripts. They do not change between versions; docs/json.md lists them.`

const restoreHelp = `Bring files, or folders with all that was in them, back as they were: content, mode, owner, access lists and other
attributes, mtime to the nanosecond, and symbolic links. Hard links are joined again; where the other names are missing or
are other files by now, restore says so. Without --at the newest version comes back.

What was deleted:
  timemachine restore PATH
        brings back a file or folder that is deleted, as it was before it went,
        and says as of when
  timemachine restore PATH --deleted
        brings back what was deleted below a folder that is still there: what
        the newest run found deleted, or with --at the run of that time, or
        @1 for one such run before. restore PATH says what there is
  timemachine restore PATH --at COMMIT
        with the commit of a deletion, as log prints it, means just before it

--at @1 of a folder is the state before the newest run that changed anything in it, @2 the state before the run before
that. One mishap can be spread over several runs of watch or cron. Where runs in the 5 minutes before changed or deleted
something in the folder too, restore says so, and prints the command that undoes all of them.

Each file that is about to be replaced or removed is read and recorded in the history first, watched or not, so that a
restore loses nothing. A file that cannot be recorded, or that changes after it was recorded, is left as it is, and named.
Each file is replaced as a whole, at one moment. Files that were not there then stay, and are named. --exact removes them,
but only below what is on the watch list; it asks first on a terminal, and needs --yes elsewhere. --dry-run shows all this
and changes nothing. A long list names folders only; -v names each file.

The last line tells how many files and folders were created, replaced, changed in metadata only, removed, unchanged, kept and
failed. Those that failed are named, and the exit code is 3. After it was written, each file is compared with its version:
one that still differs in anything is named, and the exit code is 1. So is another owner, which without root is only noted.
Where a PATH is unknown, or was not there then, nothing at all is restored, and the exit code is 1.

--to writes to another place, as cp does: one file to that name, unless a folder has it; all else into that folder, under
the full paths, or under what --strip N leaves of them. A slash at the end makes a folder. Other files in the folders that
are restored there stay, and are named.

--overwrite changed, the default, replaces what differs; never only brings back what is missing; if-newer replaces only
what has an older mtime than its version; always writes everything, also over what could not be recorded first. With --to
nothing is recorded first: there, a file whose content is in no version stays, unless --overwrite always.

--branch brings back what another host, or another branch, holds; what is replaced here is recorded on this destination's
own branch first.

What stands in the way:
  a file or link in the place of a folder
        is recorded and removed, unless --overwrite never
  an empty folder in the place of a file
        is removed
  a folder with anything in it
        stays: the file is not restored
  a FIFO, socket or device
        stays: the file is not restored, unless --overwrite always
  a link in the folders above PATH
        is followed if it is root's or yours, else refused
  a link at or below PATH
        is never followed, but replaced as a file is; where the watch list names
        the link itself, it stays, and the file behind it is restored

Folders above PATH that have to be made become as they were recorded; of those that older versions of timemachine did not
record, mode and owner are those of the folder above. No file is ever open further than its version was: without the right to
give it to its group, others' rights are all that the group gets; only root gets setuid files back, and only with their
owner. From a repository that is not root's, or that others may write to, and from a commit or branch that is not the
recorded one's, root restores all files for the repository's owner and none with setuid or setgid, and the exit code is 3:
others could have written what is recorded there.

` + whenHelp

const restoreExamples = `  timemachine restore /etc/hosts --at yesterday
  timemachine restore /etc/nginx          as it was before it was deleted
  timemachine restore /etc --deleted
  timemachine restore /etc/nginx --at '10 minutes ago' --dry-run
  timemachine restore notes.txt --at @1
  timemachine restore /etc --at 2026-11-23 --to /tmp/then
  timemachine restore /etc/hosts --at @1 --to hosts.old`

const initHelp = `Make the destination's repository, and the folder itself when its parent exists.
--adopt takes over a clone of a history, or a destination whose branch was rewritten. git clone makes no plain copies, and
gives files/ new times. Runs work all the same, verify names both, and copies rebuild makes both from the history.

--adopt --from URL brings a history back that was pushed: it fetches the branch from the git repository at URL, makes the
destination of it, and writes files/; the next run goes on where the history ends. URL is what git clone takes. Where it
holds several branches, the one whose name ends in this host's name is taken, or the one that --branch names. Credentials
are git's (ssh-agent, keys, credential helpers); without git, as push has them. Nothing is asked.`

const verifyHelp = `Check that every stored object is whole, that the records are consistent, that each commit's tree holds what its record
says, and that files/, copies/ and the index are what the history says. Each problem is one line. The last line sums up;
-q leaves it out. The exit code is 1 where any problem is left. Copies that the configuration does not keep are not missed;
a copies/ folder that was deleted is one problem. What is not up to date while a run is at work is looked at again when the
run has ended; verify waits up to a minute for that.

--repair makes files/, copies/, the index and the cache again from the history. The history itself is never changed:
where it is damaged, another copy of it (a clone, a remote) is needed.`

const copiesHelp = `copies/ holds one plain file per version. It is made from the history, and deleting it loses nothing.`

const pruneHelp = `Remove the plain copies that the key copies of the configuration does not keep, and tell how much disk they took. Runs
do so by themselves, but for copies: none. The newest copy of a file that is there stays, as does a copy that somebody has
changed. No version is lost: copies rebuild writes copies again from the commits, when more are to be kept.`

const rebuildHelp = `Write the plain copies that are missing, or differ from their version in size, time, mode or kind, from the commits.
Names and times are the same on any clone. Nothing else in copies/ is touched.`

const doctorHelp = `Tell what would go wrong when nobody looks, a line each with what to type against it: sources that are left out, missing or held
back; a configuration or destination that others can change or read; space, inodes, and for how many days they last; what is
scheduled, with which program, and whether its runs come and end well; a configuration that means something else under cron; a
clock that was set back; git, its settings, and pushes that fail; a log that cannot be written.

Lines that begin with note: are worth knowing, and nothing goes wrong: files that fill the destination with versions all day,
folders without events for watch, a clock that no time server keeps right, names that Windows or macOS refuse and files that hosting
services refuse where runs push, repositories whose .git is left out.

The exit code is 1 where something needs a hand, else 0, and the last line says so. With -v, checks that have found nothing
are named too; with -q nothing is printed. --push asks the remote as well; without it no other machine is contacted.

doctor writes nothing, takes no lock, and reads no file's content. Run it as the user who is to make the runs: root sees other
files, settings and schedules than you.`

const pushHelp = `Send the recorded branch to a git remote: a name that git remote lists, or a URL. Without REMOTE that is the one of push: in
the configuration, else origin. Where push: is set, every run pushes. This command pushes at once; where it cannot, it says
why and exits 1.

Nothing is ever forced, merged or fetched. The remote's branch is compared first, and asked for again at the end. What it
lacks goes in batches, so that the next push goes on where this one was cut short.

Files that not everybody may read here (no read permission for others) are sent only when push: {private: yes} or --private
says so, or a person at the terminal does. That answer holds for the branch of the remote, and status and config show it;
push --private=false takes it back. A history of /etc holds password hashes and keys: whoever can read the remote has them then.`

const pushExamples = `  timemachine init --remote ssh://git@backup.example.org/srv/history.git
  timemachine push
  timemachine push /media/disk/history.git`

// groups are the headings in the list of commands, with the commands below each.
var groups = []struct{ id, title, commands string }{
	{"watch", "Watch files:", "setup run watch schedule add remove list why status"},
	{"ask", "Ask the history, and get files back:", "log ls show diff blame restore hosts git"},
	{"care", "Look after the destination:", "init verify copies compact push config doctor"},
	{"about", "About timemachine:", "help completion version"},
}

// otherNames are words that people may look for a command by.
var otherNames = map[string]string{
	"setup":    "install",
	"watch":    "daemon service",
	"config":   "settings edit",
	"log":      "history versions",
	"ls":       "dir tree files",
	"why":      "explain ignored",
	"hosts":    "branches machines fleet",
	"show":     "cat print",
	"diff":     "compare changes",
	"blame":    "annotate praise who",
	"restore":  "undo revert recover checkout",
	"remove":   "rm delete forget unwatch",
	"add":      "track",
	"status":   "info",
	"verify":   "check fsck",
	"compact":  "gc optimize",
	"push":     "upload sync mirror",
	"schedule": "cron crontab systemd timer",
	"doctor":   "diagnose health",
}

// groupCommands puts the commands below their headings and registers their other names.
func groupCommands(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.SuggestFor = strings.Fields(otherNames[cmd.Name()])
	}
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, cmd := range root.Commands() {
			if slices.Contains(strings.Fields(g.commands), cmd.Name()) {
				cmd.GroupID = g.id
			}
		}
	}
	root.SetHelpCommandGroupID("about")
}

// helpCommand replaces cobra's help command, which succeeds for an unknown topic.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND or TOPIC]",
		Short: "all about a command or a topic",
		ValidArgsFunction: func(cmd *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, _, err := cmd.Root().Find(words)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range about.Commands() {
				if !c.Hidden {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			root := cmd.Root()
			about, rest, err := root.Find(words)
			if err != nil || len(rest) > 0 {
				return &usageError{msg: "no help for " + terminal.InQuotes(strings.Join(words, " ")), hint: usageHint}
			}
			return a.paged(cmd.Context(), func(w io.Writer) error {
				_, err := io.WriteString(w, fitText(fullHelp(about, a.width()), a.width()))
				return err
			})
		},
	}
}

const logHelp = `List the versions of a file, of everything below a folder, or, without PATH, of everything; newest first. PATH may have
been deleted since, and may be a path of the destination: help files tells what those stand for.

  timemachine log /etc/hosts                  its versions: @0 is the newest
  timemachine log /etc --since yesterday      what changed below a folder
  timemachine log -p -5 /etc/hosts            the last five, with what changed
  timemachine log -S 'set -eu' ~/bin/backup   when a text came in or went
  timemachine log --runs                      a line for each run
  timemachine log --deleted /srv              what is deleted now

On a terminal each version of a file has the number that --at takes: @0, @1 and so on. The numbers go on under the names
that the file had before, unless its name had another file by then: ask for those versions by commit. The versions of a
folder stand together run by run. A large run is summed up; --flat lists each version. Where -n cuts a run, a line says how
many of its versions are left out. Runs of the same minute are told to the second. Paths are relative to PATH, and long ones
are cut in their middle.

In a pipe each version is a line, with nothing cut: the moment from which on it was in force, with its offset from UTC; what
happened; the commit; the size; the path; and what changed besides the content. The lines are in the order of these moments.
A folder counts from the run that recorded it, since its mtime does not tell how old it is.

Where a file or folder was renamed, its versions go on under the name it had before. A folder's own versions, of its mode,
owner and attributes, are among those of what lies in it.

-S takes a text as it is, in contents of any size, also binary ones. -G takes a regular expression as Go writes them, which is
close to that of grep -E, for single lines; contents that are binary or over 16 MiB are not searched. Both compare a version with
the one before it, a renamed file with its last version under the old name. --format takes ` + "`oneline`" + ` or text with these parts of git
log: %H %h %T %P, %s %b %B, %an %ae %cn %ce, for dates %ad %ai %aI %as %at %ar and the same with %c, %n %% %x00.

` + whenHelp

const lsHelp = `List what was in a folder, as ls -l does: the newest state, or the one at --at WHEN. Without PATH it is the working directory.
For what is deleted now, without --at, it is the state before the deletion; a line says so. restore with the same PATH and
--at brings back what ls lists.

The columns are type and mode (with a plus where there is an access list), user, group, size in bytes, mtime, and name. Links
show where they led. A dash stands for what folders do not have, a question mark for what no record tells: older versions of
timemachine recorded no folders.

` + whenHelp

const showHelp = `Write the content of one version of a file to standard output: the newest, or the one in force at --at WHEN. For a file
that is deleted now, without --at, that is the last version before the deletion; for a symbolic link, its target. On a
terminal control characters are shown and not sent, and of binary content only its size; in a file or pipe every byte is as
it was. --stat tells what the version is and how many lines, or bytes of a binary file, it changed.

` + whenHelp

const diffHelp = `Show what changed between two states of a file or folder. FROM is the newest version where it is not given, and TO the
files as they are on disk now. So diff PATH shows what the next run would record of the content, diff PATH @1 what
changed since the version before the newest, and diff PATH yesterday today what changed on that day. Where FROM is before the
first version, all that came later is shown as new, and a line says when the history begins.

A file that was renamed is compared with its version under the old name. Files that were never recorded are not shown: run
records them, and list -v names them. A file on disk that cannot be read is named, the others are compared, and the exit code
is 3. Of binary files diff says that they differ, as git does. log tells of attributes and hard links.

A folder's new mode and owner are shown; git apply passes over them. A folder that came or went shows by its files; --stat
counts it too, as log does. An empty folder that the first run found is no change since a time before that run: it may be as
old as the files.

With one --branch, FROM and TO are on that branch. With two, the first is compared with the second: the newest versions
on both, or those in force at FROM and TO; one WHEN alone counts for both.

` + whenHelp

const blameHelp = `Print each line of a file with the version that it came in with, and when: of the newest version, or the one in force at
--at WHEN; of a deleted file the last one. Lines are followed to the name that the file had before a rename. The owner and
the path are shown where they are not the same for all lines. The time is the one from which the version was in force.

What the file was before a line came in: timemachine show PATH --at VERSION^, where VERSION is what stands before the line. To
find when a line vanished, blame does not help: it knows the lines that are there. A ^ before a version says that older ones
could not be read (a shallow clone, or a version over 16 MiB), so that the line may be older.

-L takes START,END as git blame does: numbers, /regexp/, and +N or -N for the end; without END all that follows.

` + whenHelp

const gitHelp = `Run git in the destination, without knowing where it is. All words after git are git's; flags of timemachine stand before
it. git has the terminal, its own pager, the signals and the exit status, as if it were typed there.

Variables that lead git to another repository (GIT_DIR, GIT_WORK_TREE and the like) are ignored. git runs hooks, aliases and
pagers that the repository configures. So it is not run in a destination that another user owns or can replace; the command
to type as that user is printed. timemachine help reading-with-git shows what to ask.`

const hostsHelp = `List the branches of the destination, or of any clone or bare repository that -d names, that hold a history: one line for
each, with when its newest version was captured, how long ago that was, and that version. In a repository that many hosts
push to, each to a branch of its own, that is one line for each host. Branches of remotes are listed as they were fetched
last.

A host on which nothing changes captures nothing: its last version is old, and yet all is well.

Each command that asks the history takes the name of a branch: timemachine log --branch hosts/web1 /etc/hosts.`

const whenHelp = `WHEN is
  2026-11-23T10:15:30Z            RFC 3339
  2026-11-23, 2026-11-23 10:15    local time; a day means its beginning
  9:15, yesterday, yesterday 9:15, monday, last friday noon
  3d, 2h ago, 90 minutes ago, 1h30m, last week
                                  s, m (minutes), h, d, w, mo (months), y,
                                  or the words
  @1                              one version before the newest; of a folder,
                                  before the newest run that changed anything
                                  at or below it
  5f0c1a2b3c, HEAD~3, main@{1}    a commit, as git names it

A time means the version in force then. A version is in force from its file's mtime where that lies between the capture of the
version before and its own, else from its capture.`
