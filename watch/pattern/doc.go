// Package pattern matches paths against globs, and against exclusions in .gitignore syntax.
//
// It knows no files: a path is a string, absolute and clean. A [Glob] is what an entry of the watch
// list names, an [Exclusion] what a walk leaves out.
package pattern
