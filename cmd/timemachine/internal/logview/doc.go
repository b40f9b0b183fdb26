// Package logview shows a log on a terminal: the versions of a file with the number by which they
// are asked for, or those of a folder run by run.
//
// No line is wider than the terminal: paths are cut in the middle. It also writes versions in the
// formats of git log. What stands in pipes and as JSON is in package render.
package logview
