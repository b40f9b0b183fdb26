package main

import (
	"errors"
	"strings"

	"timemachine/watch/config"
)

// The exit statuses, as --help lists them.
const (
	statusDone    = 0
	statusFailed  = 1
	statusUsage   = 2
	statusPartial = 3
)

// usageError is a command line or a configuration that cannot be used as written.
type usageError struct {
	msg  string
	hint string
}

// Error is the message without its hint.
func (e *usageError) Error() string { return e.msg }

// failure is an error with a hint: what the user can do about it.
type failure struct {
	msg  string
	hint string
	err  error
}

// Error is the message without its hint.
func (e *failure) Error() string { return e.msg }

// Unwrap is the cause, or nil.
func (e *failure) Unwrap() error { return e.err }

// status ends a command whose problems have been printed before.
type status int

// Error is never shown.
func (s status) Error() string { return "problems were named" }

// interruptedError is the error of a command that a signal has ended.
func (a *app) interruptedError() error {
	switch a.command {
	case programName, "run", "add", "remove", "setup", "restore":
		return errors.New("interrupted; what was committed stays")
	}
	return errors.New("interrupted")
}

// asUsage turns cobra's errors about a command line into a usageError. Errors of the configuration
// keep their type.
func asUsage(err error) error {
	var u *usageError
	var s status
	if errors.As(err, &u) || errors.As(err, &s) {
		return err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return &usageError{msg: line, hint: usageHint}
}

// exitStatus is the exit status for an error; 0 for nil.
func exitStatus(err error) int {
	var s status
	var u *usageError
	var c *config.Error
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, &u), errors.As(err, &c):
		return statusUsage
	}
	return statusFailed
}
