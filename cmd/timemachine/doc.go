// Command timemachine keeps the history of the files you name in a git repository.
//
// Package main holds one file for each command: its options, its flags, and one call into watch or
// repo. The words of this package: an app is one execution, with everything that it may touch
// outside (arguments, streams, environment, clock). A place is where the execution works:
// configuration file, log, destination. The console is what the user sees on standard error. The
// journal is timemachine.log. The memory is what timemachine remembers between executions under
// $XDG_STATE_HOME. Hints are the advice below an error; package hint spells the commands in them.
//
// Invariants: main.go alone calls os.Exit, with the status that exitStatus gives. The environment,
// the clock and the standard streams are reached through app alone. No name of a file and no text
// of an error reaches a terminal or a mail unescaped.
package main
