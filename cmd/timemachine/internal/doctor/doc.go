// Package doctor tells what would go wrong with a destination when nobody looks, and what to type
// against it.
//
// Each check is a function over a Patient, which holds what the caller has found out with the means
// of the other commands. No check writes anything or contacts another machine.
package doctor
