// Package incoming fetches a branch of a remote into a new repository, with the user's git.
package incoming

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/gitexec"
	"timemachine/repo/record"
)

// Remote is a repository to fetch from.
type Remote struct {
	URL     string // as git has it: a path, ssh://, user@host:path, git:// or http(s)://
	Git     gitexec.Git
	Timeout time.Duration // in which the remote must say something
}

// Error says why a remote cannot be read.
type Error struct {
	URL   string // without a password
	Why   string // one line; it may quote the remote, whose bytes are raw
	Lines []string
	Err   error // the cause, or nil
}

func (e *Error) Error() string { return record.Quote(e.URL) + " " + e.Why }

func (e *Error) Unwrap() error { return e.Err }

const localBranches = "refs/heads/"

// Tracking is the full name of the reference to which Fetch brings a branch.
func Tracking(branch string) string { return "refs/remotes/origin/" + branch }

// Branches lists the remote's branches, by their names without refs/heads/. gitDir is the
// repository whose settings git uses. A name that git does not accept is left out.
func (r *Remote) Branches(ctx context.Context, gitDir string) (map[string]object.ID, error) {
	ctx, end := context.WithTimeout(ctx, r.Timeout)
	defer end()
	out, err := r.run(ctx, &r.Git, gitDir, "ls-remote", "--heads", "--", r.URL)
	if err != nil {
		return nil, err
	}
	branches := map[string]object.ID{}
	for line := range strings.Lines(string(out)) {
		hex, full, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		name, isBranch := strings.CutPrefix(full, localBranches)
		if id, err := object.ParseID(hex); err == nil && isBranch && ref.CheckName(full) == nil {
			branches[name] = id
		}
	}
	return branches, nil
}

// plain are the settings with which git fetches: all into one pack, and nothing is run afterwards.
var plain = []string{"-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.unpackLimit=1", "-c", "transfer.unpackLimit=1"}

// Fetch brings a branch with all its commits into a repository.
func (r *Remote) Fetch(ctx context.Context, gitDir, branch string) error {
	git := r.Git
	git.Quiet = r.Timeout
	spec := "+" + localBranches + branch + ":" + Tracking(branch)
	_, err := r.run(ctx, &git, gitDir, append(plain[:len(plain):len(plain)], "fetch", "--progress", "--no-tags", "--no-recurse-submodules", "--", r.URL, spec)...)
	return err
}

// Settings make the remote origin of a repository, and the upstream of the branch.
func (r *Remote) Settings(branch string) string {
	return fmt.Sprintf("[remote \"origin\"]\n\turl = %s\n\tfetch = %s\n[branch %s]\n\tremote = origin\n\tmerge = %s\n", config.Quote(r.URL),
		config.Quote("+"+localBranches+branch+":"+Tracking(branch)), config.QuoteName(branch), config.Quote(localBranches+branch))
}

// run runs git and returns what it wrote. The error is an *Error where git could not do it, or
// ctx's.
func (r *Remote) run(ctx context.Context, git *gitexec.Git, gitDir string, args ...string) ([]byte, error) {
	res, err := git.Run(ctx, gitDir, args...)
	switch {
	case errors.Is(err, gitexec.ErrQuiet), errors.Is(err, context.DeadlineExceeded):
		return nil, &Error{URL: r.Shown(), Why: "does not answer", Lines: r.clean(res.Lines), Err: err}
	case err != nil:
		return nil, err
	case res.Exit != 0:
		lines := r.clean(res.Lines)
		return nil, &Error{URL: r.Shown(), Why: "cannot be read: " + reason(lines), Lines: lines}
	}
	return res.Stdout, nil
}

// Check refuses what is no URL of a remote: an option, or one that breaks git's configuration.
func (r *Remote) Check() error {
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if r.URL == "" || strings.HasPrefix(r.URL, "-") || strings.ContainsFunc(r.URL, control) {
		return &Error{URL: r.Shown(), Why: "is no URL of a repository"}
	}
	return nil
}

var (
	webLogin = regexp.MustCompile(`(?i)\b(https?://)[^/\s"']*@`)
	password = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://[^/\s"':@]*):[^/\s"']*@`)
)

// Shown is the URL for messages: without a password, and without the user of http, which may be a
// token.
func (r *Remote) Shown() string { return hideLogin(r.URL) }

func hideLogin(text string) string {
	return password.ReplaceAllString(webLogin.ReplaceAllString(text, "$1"), "$1@")
}

// clean takes passwords out of lines.
func (r *Remote) clean(lines []string) []string {
	list := make([]string, len(lines))
	for i, line := range lines {
		list[i] = hideLogin(strings.ReplaceAll(line, r.URL, r.Shown()))
	}
	return list
}

// reason is the line that says most: the last one that is not the same for every failure.
func reason(lines []string) string {
	last := "git gives no reason"
	for _, line := range lines {
		switch line {
		case "", "fatal: Could not read from remote repository.", "Please make sure you have the correct access rights", "and the repository exists.":
		default:
			last = strings.TrimPrefix(line, "fatal: ")
		}
	}
	return last
}
