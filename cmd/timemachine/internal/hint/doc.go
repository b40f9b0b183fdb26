// Package hint says in words what a person can do, and spells the commands to type.
//
// Packages repo and watch give a refusal.Remedy with an error, a warning or a finding. The tables
// here hold the words for each kind of remedy. A command that a hint names can be pasted into any
// sh, whatever the files in it are called.
package hint
