// Command bench runs timemachine and its peers on the same trees and prints how they compare.
//
//	bench -binary bin/timemachine [-quick] [-cases first-many,later] [-size 0.1] [-rounds 5]
//	      [-dir DIR] [-markdown] [-plot FILE] [-plot-year FILE]
//
// Every figure is a ratio of two measurements of one round. The two run one after the other on the
// same machine with the same warm cache. The order rotates from round to round, and the row shows
// the median. Before each timed part bench writes everything dirty to disk, so that no program pays
// for the writes of another. A program is timed from its start to its exit.
//
// Fairness. Peers run with their defaults: git with its default core.fsync, restic and borg without
// encryption where they allow that. Git has gc.auto=0, so that no collection of its own disturbs
// it. The user's settings do not count. The stream for fast-import is made by this program in a
// pipe and has shorter messages than timemachine's commits. Each edited file gets an mtime of its
// own. The next run reads a file again that was written less than two seconds before a run. Git
// does the same with files as new as its index. The timed parts of single runs therefore begin
// when the files are older than that. The loops of hundreds of runs do not wait: the file edited
// last is read again there, in early runs as in late ones.
//
// The case year has no peer. It makes the runs in processes of its own, with the packages that the
// program is made of and a clock of its own, since nobody waits for a year: see simulateDay, which
// also tells what differs from the world.
//
// Each case ends, outside the timed parts, with git fsck --full --strict, git verify-pack of every
// pack, git commit-graph verify and a clone.
package main
