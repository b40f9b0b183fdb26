// Package remote pushes the recorded branch to a remote and fetches a lost history from one, by git
// or built in, and says why it could not.
//
// [Push] compares the branch with the remote's first, sends what is missing along the branch,
// oldest first, and asks the remote afterwards what it has. It never forces, merges or pulls. A
// [Failure] has a [Class], which says when a run tries again. Between runs [runstate.Push] keeps
// what was learnt: policy.go decides from it alone, and from the clock that the caller passes in.
package remote
