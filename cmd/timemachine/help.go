package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

const rootHelp = `timemachine keeps the history of the files you name. Each run looks at every watched file; one that changed gets a new
version in the destination folder: a commit of its own in a git repository there, dated with the file's own mtime, and a
plain timestamped copy. Nothing of git is needed to get something back, and all of it is there for git, too: timemachine
help reading-with-git. Without a command timemachine does one run.

To begin, in a folder of its own:

  mkdir ~/history && cd ~/history
  timemachine add ~/notes /etc/hosts    watch these, take their first versions
  timemachine                           one run: take what changed since
  timemachine log ~/notes/todo.txt      the versions of a file, newest first
  timemachine diff ~/notes yesterday    what changed since then
  timemachine restore ~/notes --at '2h ago' --dry-run
                                        what would be brought back
  timemachine restore ~/notes --at '2h ago'

The watch list and the history are in the current directory, unless the flags -c or -cl and -d, the environment or, for the
destination, the watch list say otherwise.

Unattended, one crontab line is all it needs (with the watch list in /etc/timemachine/config.dat):

  * * * * * /usr/local/bin/timemachine -cl /etc/timemachine -d /var/backups/tm

It needs no environment, prints nothing while all is well, and does nothing while another run is at work.

Files:
  config.dat        the watch list, called the configuration: timemachine
                    help configuration
  timemachine.log   beside it: all important actions; grep -i error finds errors
  DIR/.git, DIR/files, DIR/copies
                    the destination: history, newest versions, and one plain
                    file per version
  $XDG_STATE_HOME/timemachine (else ~/.local/state/timemachine)
                    destinations used and warnings given

Environment (flags beat it, it beats the configuration):
  TIMEMACHINE_CONFIG        as --config
  TIMEMACHINE_DESTINATION   as --destination
  NO_COLOR                  no colours
  PAGER                     for log, show and diff on a terminal (default less)
  TZ                        the time zone of what is asked and shown

Exit codes:
  0  done, also when nothing changed or another run was at work
  1  failed; verify: problems are left; status --max-age: too long ago
  2  wrong usage or configuration
  3  done, but some files could not be captured or restored; each is named`

const rootExamples = `  timemachine status                     what a run would do now
  timemachine list -v                    what is watched, and what that selects
  timemachine log --deleted              what is gone
  timemachine show notes.txt --at @1     the version before the newest
  timemachine restore /etc/nginx --at '10 minutes ago'
  timemachine -d /backup -a notes.txt    the short way to add
  git -C /backup log -p -- files/etc/hosts`

const runHelp = `Look at every watched file once: what changed since the last run is committed to the destination.
A destination folder must exist; it gets a repository when it has none.

A run by root follows a link that another user owns only to what belongs to the same user. Where another user owns the
destination, root records no file there that this user may not read. Both are named, and the exit code is 3.`

const addHelp = `Watch files or folders, and take their first version at once. The configuration and the destination are made when
they are missing. A path that is watched already is said, and still captured. timemachine help configuration tells what
else the configuration may hold, and what is left out of a watched folder.`

const removeHelp = `Stop watching. What was captured stays in the history. PATH is a path, or an entry's text as list prints it.`

const listHelp = `Print the watch list as written, one entry a line. With -v, under each entry, the files it selects now.`

const statusHelp = `Say what a run would do now, as far as that shows without reading any content; what cannot be read; what is listed and
not there; which deletions are held back; when the last run was; and what the destination takes on disk (each file counted
once, whatever number of names it has). Nothing is written, and no lock is taken.

A run is good when it captured everything that is watched (its exit code was 0), also when nothing had changed.
--max-age is for monitors: it only looks how long ago that was, and, where runs push, how old the oldest version is that the
remote lacks. It prints a line for each, says in which one what is too old, and exits 1 then. A file that can never be read keeps every run from being good: make it readable, or leave it out with an exclusion.`

const restoreHelp = `Bring files, or folders with all that was in them, back as they were: content, mode, mtime to the nanosecond, symbolic
links, and the owner where that is allowed. PATH may be deleted by now. Without --at the newest version comes back.

Each file that is about to be replaced is read and recorded in the history first, watched or not, so that a restore loses
nothing. A file that cannot be recorded, or that changes after it was recorded, is left as it is, and named. Each file is
replaced as a whole, at one moment. Files that were not there then are left alone and named: whether they go is yours to
decide. --dry-run shows all this without doing it.

Files that could not be restored are named, and the exit code is 3. After it was written, each file is compared with its
version: one that still differs in content, kind, mode or mtime is named, and the exit code is 1. So is another owner,
which without root is only noted.

--branch brings back what another host, or another branch, holds; what is replaced here is recorded on this
destination's own branch first.

--overwrite changed, the default, replaces what differs in content, kind, mode, owner or mtime; never only brings back
what is missing; always writes everything, also over what could not be recorded first. With --to nothing is recorded
first: there, a file whose content is in no version stays, unless --overwrite always.

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

Not recorded, and so not restored: owners and modes of folders, empty folders, access lists and extended attributes.
Folders that have to be made are closed to others (0700); those made by root get the owner of the folder above. No file is
ever open further than its version was: without the right to give it to its group, others' rights are all that the group
gets; only root gets setuid files back, and only with their owner. From a repository that is not root's, or that others
may write to, and from a commit or branch that is not the recorded one's, root restores all files for the repository's owner and none
with setuid or setgid: others could have written what is recorded there.

` + whenHelp

const restoreExamples = `  timemachine restore /etc/hosts --at yesterday
  timemachine restore /etc/nginx --at '10 minutes ago' --dry-run
  timemachine restore notes.txt --at @1
  timemachine restore /etc --at 2026-11-23 --to /tmp/then`

const initHelp = `Make the destination's repository, and the folder itself when its parent exists.
--adopt takes over a clone of a history, or one whose branch was rewritten.

--adopt --from URL brings a history back that was pushed: it fetches the branch from the git repository at URL, makes the
destination of it, and writes files/; the next run goes on where the history ends. URL is what git clone takes. Where it
holds several branches, the one whose name ends in this host's name is taken, or the one that --branch names. Credentials
are git's (ssh-agent, keys, credential helpers); without git, as push has them. Nothing is asked.`

const verifyHelp = `Check that every stored object is whole, that the records hang together, that each commit's tree holds what its record
says, and that files/, copies/ and the index are what the history says. One line per problem, and one at the end that sums
up, which -q leaves out; exit 1 where any problem is left. Copies that the configuration does not keep are not missed; a
copies/ folder that was deleted is one problem. Beside a run at work, what has not followed the history yet is looked at
again when the run has ended, for up to a minute.

--repair makes files/, copies/, the index and the cache again from the history. The history itself is never changed:
where it is damaged, another copy of it (a clone, a remote) is needed.`

const copiesHelp = `copies/ holds one plain file per version. It is made from the history, and deleting it loses nothing.`

const rebuildHelp = `Write the plain copies that are missing, or differ from their version in size, time, mode or kind, from the commits.
Names and times are the same on any clone. Nothing else in copies/ is touched.`

const pushHelp = `Send the recorded branch to a git remote: a name that git remote lists, or a URL. Without REMOTE it is the one of push: in
the configuration, else origin. Where push: is set, every run does it; by hand it is done at once, and why it cannot be is
the exit status 1.

Nothing is ever forced, merged or fetched. The remote's branch is compared first, and asked for again at the end. What it
lacks goes in batches, so that the next push goes on where this one is cut short.

Files that not everybody may read here (no read permission for others) are sent only when push: {private: yes} or --private
says so, or a person at the terminal does.`

const pushExamples = `  timemachine init --remote ssh://git@backup.example.org/srv/history.git
  timemachine push
  timemachine push /media/disk/history.git`

// groups are the headings in the list of commands, with the commands below each.
var groups = []struct{ id, title, commands string }{
	{"watch", "Watch files:", "run add remove list status"},
	{"ask", "Ask the history, and get files back:", "log show diff restore hosts"},
	{"care", "Look after the destination:", "init verify copies compact push schedule doctor"},
	{"about", "About timemachine:", "help completion version"},
}

// otherNames are words that people may look for a command by.
var otherNames = map[string]string{
	"log":     "history versions",
	"hosts":   "branches machines fleet",
	"show":    "cat print",
	"diff":    "compare changes",
	"restore": "undo revert recover checkout",
	"list":    "ls",
	"remove":  "rm delete forget unwatch",
	"add":     "track",
	"status":  "info",
	"verify":  "check fsck",
	"compact": "gc optimize",
	"push":    "upload sync mirror",
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
		Use:   "help [COMMAND]",
		Short: "explain a command",
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
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

const logHelp = `List the versions of a file, of everything below a folder, or, without PATH, of everything; newest first. PATH may have
been deleted since, and may be a path of the destination (files/etc/hosts).

Each line has the moment from which on the version was in force, what happened, the commit, the size, the path, and what
changed besides the content; the lines are in the order of these moments. A file's versions go on under the name it had before, where it was renamed.

` + whenHelp

const showHelp = `Write the content of one version of a file to standard output: the newest, or the one in force at --at WHEN. Of a file that
is deleted now, without --at, the last version before that. Of a symbolic link, its target. On a terminal control characters
are shown and not sent; in a file or pipe every byte is as it was.

` + whenHelp

const diffHelp = `Show what changed between two states of a file or folder. FROM is the newest version where it is not given, and TO the
files as they are on disk now. So diff PATH shows what the next run would record of the content, diff PATH @1 what
changed since the version before the newest, and diff PATH yesterday today what changed in that day. Files that were never
captured are not shown: run takes them, list -v names them.

With one --branch, FROM and TO are on that branch. With two, the first is compared with the second: the newest versions
on both, or those in force at FROM and TO; one WHEN alone counts for both.

` + whenHelp

const hostsHelp = `List the branches of the destination, or of any clone or bare repository that -d names, that hold a history: one line for
each, with when its newest version was captured, how long ago that was, and that version. In a repository that many hosts
push to, each to a branch of its own, that is one line for each host. Branches of remotes are listed as they were fetched
last.

A host on which nothing changes captures nothing: its last version is old, and yet all is well.

Each command that asks the history takes the name of a branch: timemachine log --branch hosts/web1 /etc/hosts.`

const whenHelp = `WHEN is
  2026-11-23T10:15:30Z            RFC 3339
  2026-11-23, 2026-11-23 10:15    local time; a day is its first moment
  9:15, yesterday, yesterday 9:15, monday, last friday noon
  3d, 2h ago, 90 minutes ago, 1h30m, last week
                                  s, m (minutes), h, d, w, mo (months), y,
                                  or the words
  @1                              one version before the newest
  5f0c1a2b3c, HEAD~3, main@{1}    a commit, as git names it

A time means the version in force then: a file's mtime counts where it lies between the capture of its version before and its
own, else the capture.`
