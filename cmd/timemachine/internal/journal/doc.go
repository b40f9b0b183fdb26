// Package journal writes the log file timemachine.log and rotates it.
//
// Processes share a log: each gathers its lines and appends them under a lock on the log's folder.
// A log that would grow beyond 10 MB is moved aside under a name with its time; the three newest
// of these stay. A log that is no regular file, or that others may write, is not written.
package journal
