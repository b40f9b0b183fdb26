// Command timemachine keeps the history of the files you name in a git repository.
//
// The words of this package: an app is one execution, with everything it may touch of the outside (arguments, streams,
// environment, clock). A place is where this execution works: configuration file, log, destination. The console is what
// the user sees on standard error; the journal is timemachine.log; the memory is what is remembered between executions
// under $XDG_STATE_HOME.
//
// Invariants: os.Exit is called in main.go alone, with the status that exitStatus gives. The environment, the clock and
// the standard streams are reached through app alone. Nothing that comes from a file name or an error text reaches a
// terminal or a mail unescaped.
package main
