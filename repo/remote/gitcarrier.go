package remote

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/gitexec"
	"timemachine/repo/internal/outgoing"
	"timemachine/repo/internal/transport"
	"timemachine/repo/trust"
)

// Surroundings is what speaks with a remote needs of the process, which package main reads.
type Surroundings struct {
	Env         []string // the environment, for git
	SearchPath  string   // PATH
	Credentials transport.Credentials
	Spool       func() (*os.File, error) // makes a file for a pack; nil: it is made twice
	Agent       string                   // this program and its version
}

// carrier chooses what speaks with the remote.
func (t *Target) carrier(c *commits.Commits, o *Options) (carrier, error) {
	git, found := gitexec.Find(o.SearchPath)
	unsafe := t.exchangeable(c.Git.Path(""))
	switch {
	case t.With == Builtin, t.With == Auto && (!found || unsafe != ""):
		return newBuiltin(t, &o.Surroundings), nil
	case !found:
		return nil, t.newFailure(NoGit, "", nil)
	case unsafe != "":
		return nil, t.newFailure(UnsafeGit, unsafe, nil)
	}
	return &gitCarrier{git: gitexec.Git{Path: git, Env: o.Env}, gitDir: c.Git.Path(""), t: t, pushURL: c.Config.PushURLIsApart(t.Name)}, nil
}

// exchangeable returns that one of two repositories, the one here and a remote that is a path,
// which another user can exchange for a repository of theirs, "" for none. Git looks at the owner
// first, and at hooks later.
func (t *Target) exchangeable(here string) string {
	paths := []string{here}
	if t.folder != "" {
		paths = append(paths, t.folder)
	}
	for _, path := range paths {
		if trust.IsExchangeable(path, uint32(os.Geteuid())) {
			return path
		}
	}
	return ""
}

// gitCarrier lets the user's git speak with the remote.
type gitCarrier struct {
	git     gitexec.Git
	gitDir  string
	t       *Target
	pushURL bool // the remote is fetched from elsewhere
}

// plain keeps colours out of what git says, whatever the user's configuration wants.
var plain = []string{"-c", "color.ui=never", "-c", "color.advice=never", "-c", "color.push=never", "-c", "color.remote=never", "-c", "color.transport=never"}

// run runs git, and returns what it said: an error only where it could not be run to its end.
func (g *gitCarrier) run(ctx context.Context, args ...string) (gitexec.Result, error) {
	res, err := g.git.Run(ctx, g.gitDir, append(slices.Clone(plain), args...)...)
	if err != nil && ctx.Err() == nil {
		f := g.t.newFailure(Unknown, err.Error(), res.Lines)
		f.Err = err
		return res, f
	}
	return res, err
}

// where is the remote as git is told it.
func (g *gitCarrier) where() string {
	if g.t.Name != "" {
		return g.t.Name
	}
	return g.t.address.raw
}

func (g *gitCarrier) refs(ctx context.Context) (map[string]object.ID, error) {
	where := g.where()
	if g.pushURL {
		where = g.t.address.raw
	}
	res, err := g.run(ctx, "ls-remote", "--heads", "--", where)
	if err != nil {
		return nil, err
	}
	if res.Exit != 0 {
		return nil, g.t.classify(res.Lines, "")
	}
	refs := map[string]object.ID{}
	for line := range strings.Lines(string(res.Stdout)) {
		text, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if id, err := object.ParseID(text); err == nil {
			refs[name] = id
		}
	}
	return refs, nil
}

func (g *gitCarrier) close() {}

func (g *gitCarrier) send(ctx context.Context, _ *outgoing.Outgoing, b outgoing.Batch, _ object.ID) error {
	res, err := g.run(ctx, "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--", g.where(), b.Tip.String()+":"+g.t.Ref)
	if err != nil {
		return err
	}
	status, ok := g.status(string(res.Stdout))
	if res.Exit == 0 && ok {
		return nil
	}
	if res.Exit == 0 {
		return g.t.newFailure(Unknown, fmt.Sprintf("git does not say what became of %s", g.t.Ref), res.Lines)
	}
	return g.t.classify(res.Lines, status)
}

// status finds what git says of the branch: a line with a flag, FROM:TO and a summary.
func (g *gitCarrier) status(porcelain string) (summary string, done bool) {
	for line := range strings.Lines(porcelain) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 3 && strings.HasSuffix(f[1], ":"+g.t.Ref) {
			return f[2], f[0] == " " || f[0] == "*" || f[0] == "="
		}
	}
	return "", false
}
