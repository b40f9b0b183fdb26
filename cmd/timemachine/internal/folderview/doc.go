// Package folderview shows folders with what is in them, as text and JSON: what was there at a
// moment, and what a restore does.
//
// Its functions get all they show as values. They read no files and know no terminals.
package folderview
