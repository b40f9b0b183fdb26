// Package terminal writes lines for people: on a screen, through a pager, or into a mail from cron.
//
// It holds the console on standard error with its progress bar, the user's pager, the filling of
// paragraphs, and the quoting of names. Text from file names, error messages or file contents can
// hold control characters. Nothing reaches a terminal before Quote or Escape has spelled them out.
// The caller passes in the streams, the clock and the environment.
package terminal
