// Package blameview shows with which version each line of a file came in, as text and JSON, and
// reads the ranges of lines that a person asks for.
//
// Ranges are read as git blame -L reads them, and text is laid out as git blame does it.
package blameview
