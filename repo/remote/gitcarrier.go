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

// carrier chooses what speaks with the remote. Where git does, t has the address then that git
// pushes to.
func (t *Target) carrier(ctx context.Context, c *commits.Commits, o *Options) (carrier, error) {
	git, found := gitexec.Find(o.SearchPath)
	g := &gitCarrier{git: gitexec.Git{Path: git, Env: o.Env}, gitDir: c.Git.Path(""), t: t}
	unsafe := exchangeable(g.gitDir)
	if found && unsafe == "" && t.With != Builtin {
		if err := g.locate(ctx, c); err != nil {
			return nil, err
		}
		unsafe = exchangeable(t.folder)
	}
	switch {
	case t.With == Builtin, t.With == Auto && (!found || unsafe != ""):
		return newBuiltin(t, &o.Surroundings), nil
	case !found:
		return nil, t.newFailure(NoGit, "", nil)
	case unsafe != "":
		return nil, t.newFailure(UnsafeGit, unsafe, nil)
	}
	return g, nil
}

// exchangeable returns the first of some repositories, the one here and a remote that is a path,
// which another user can exchange for a repository of theirs, "" for none. Git looks at the owner
// first, and at hooks later.
func exchangeable(paths ...string) string {
	for _, path := range paths {
		if path != "" && trust.IsExchangeable(path, uint32(os.Geteuid())) {
			return path
		}
	}
	return ""
}

// gitCarrier lets the user's git speak with the remote.
type gitCarrier struct {
	git    gitexec.Git
	gitDir string
	t      *Target
	apart  bool // the remote is fetched from elsewhere than it is pushed to
}

// pushName is the name by which git is told a remote that has none, so that nothing else that the
// user's configuration may have under its URL counts.
const pushName = "timemachine-push"

// locate makes the address that git pushes to the target's. Git follows the user's and the
// machine's configuration, too, which can lead elsewhere than the repository's.
func (g *gitCarrier) locate(ctx context.Context, c *commits.Commits) error {
	args, name := g.where()
	res, err := g.git.RunHere(ctx, g.gitDir, append(args, "remote", "-v")...)
	if err != nil && ctx.Err() == nil {
		return g.t.newFailure(Unknown, err.Error(), res.Lines)
	}
	if err != nil {
		return err
	}
	if res.Exit != 0 {
		return g.t.classify(res.Lines, "")
	}
	fetched, pushed := addresses(string(res.Stdout), name)
	if !isOne(pushed) {
		return notOne(c, g.t.Label(), pushed)
	}
	g.apart = !slices.Equal(fetched, pushed)
	if pushed[0] != g.t.address.raw {
		g.t.from = g.t.configured()
		g.t.address = parseAddress(pushed[0])
		g.t.folder = g.t.address.folder(c.Path)
	}
	return nil
}

// addresses takes those of a remote out of what "git remote -v" prints: NAME, a tab, the URL and
// (fetch) or (push). After (fetch) can come the filter of a partial clone.
func addresses(list, name string) (fetched, pushed []string) {
	for line := range strings.Lines(list) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"\t")
		if !ok || rest == "" {
			continue
		}
		if url, ok := strings.CutSuffix(rest, " (push)"); ok {
			pushed = append(pushed, url)
		} else if i := strings.LastIndex(rest, " (fetch)"); i >= 0 {
			fetched = append(fetched, rest[:i])
		}
	}
	return fetched, pushed
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

// where is the remote as git is told it, and what goes before the command.
func (g *gitCarrier) where() (settings []string, remote string) {
	switch {
	case g.t.Name != "":
		return nil, g.t.Name
	case g.t.given != "":
		return []string{"-c", "remote." + pushName + ".url=" + g.t.given}, pushName
	}
	return nil, g.t.address.raw // of a fetch
}

func (g *gitCarrier) refs(ctx context.Context) (map[string]object.ID, error) {
	args, where := g.where()
	switch url := g.t.address.raw; {
	case g.apart && !strings.Contains(url, "="):
		// Git replaces the beginning of a URL once: the one that stands for this one stays.
		where = pushName + ":"
		args = []string{"-c", "url." + url + ".insteadOf=" + where}
	case g.apart:
		args, where = nil, url
	}
	res, err := g.run(ctx, append(args, "ls-remote", "--heads", "--", where)...)
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
	args, where := g.where()
	res, err := g.run(ctx, append(args, "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--", where, b.Tip.String()+":"+g.t.Ref)...)
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
