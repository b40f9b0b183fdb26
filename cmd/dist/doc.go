// Command dist builds what a release consists of: the program for each system as a tar archive with
// its manual pages and completions, packages for Debian and RPM, and the checksums of all of them.
//
// Two builds of one commit with one version of Go give the same bytes: paths, times, owners and the
// order of files depend on nothing else.
//
// It is a module of its own, so that the program does not depend on the library that writes the
// packages.
package main
