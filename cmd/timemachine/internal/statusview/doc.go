// Package statusview shows the status of a destination as text and JSON: its history and last run,
// and what a run would do now.
package statusview
