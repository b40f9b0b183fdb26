// Command bench runs timemachine and its peers side by side on the same trees and prints how they compare.
//
//	bench -binary bin/timemachine [-quick] [-cases first-many,later] [-size 0.1] [-rounds 5] [-dir DIR] [-markdown]
//
// Every figure is a ratio of two measurements of one round, made one after the other on the same machine with the same
// warm cache; the order rotates from round to round and the row shows the median. Before each timed part all that is
// dirty is written to disk, so that nobody pays for another's writes. Programs are timed from start to exit.
//
// Fairness. Peers run as they come: git with its default core.fsync, without anybody's settings, and with gc.auto=0 so
// that no collection of its own disturbs it; restic and borg without encryption where they allow that. The fast-import
// stream is made by this program in a pipe and has shorter messages than ours. Edited files get an mtime of their own
// each. Files that were written less than two seconds before a run are read again by the next one, and git does alike
// with what is as new as its index: so the timed parts of single runs begin when the files are older than that. The
// loops of hundreds of runs do not wait: what was edited last is read again there, in early runs as in late ones.
//
// Each case ends, outside the timed parts, with git fsck --full --strict, git verify-pack of every pack, git
// commit-graph verify and a clone.
package main
