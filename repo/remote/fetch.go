package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/gitexec"
	"timemachine/repo/internal/transport"
	"timemachine/repo/refusal"
)

// Source is a remote to fetch a history from.
type Source struct {
	Progress func(done, total int64) // objects, where git fetches; nil: not told

	t Target
	s Surroundings
}

// NewSource is the remote at a URL, as git clone takes it. A relative path starts from base, and ~/
// stands for home. The remote must say something within timeout.
func NewSource(url, base, home string, timeout time.Duration, s Surroundings) (*Source, error) {
	q := Request{Remote: url, Base: base, Home: home}
	t := Target{With: Auto, Timeout: timeout, address: parseAddress(q.path())}
	t.folder = t.address.folder(base)
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if url == "" || strings.HasPrefix(url, "-") || strings.ContainsFunc(url, control) {
		return nil, &refusal.Error{Kind: refusal.Unsupported, Msg: fmt.Sprintf("%q is no URL of a repository", t.URL())}
	}
	return &Source{t: t, s: s}, nil
}

// URL is where the remote is, for messages: without a password.
func (s *Source) URL() string { return s.t.URL() }

// Settings make the remote origin of a repository, and the upstream of the branch.
func (s *Source) Settings(branch string) string {
	return fmt.Sprintf("[remote \"origin\"]\n\turl = %s\n\tfetch = %s\n[branch %s]\n\tremote = origin\n\tmerge = %s\n", config.Quote(s.t.address.raw),
		config.Quote("+"+localBranches+branch+":"+Tracking(branch)), config.QuoteName(branch), config.Quote(localBranches+branch))
}

const localBranches = "refs/heads/"

// Tracking is the full name of the reference to which Fetch brings a branch.
func Tracking(branch string) string { return "refs/remotes/origin/" + branch }

// fetcher speaks with a remote that a history is fetched from. Its errors are a *Failure, or that
// of the context.
type fetcher interface {
	// readable lists the branches by their full names.
	readable(ctx context.Context) (map[string]object.ID, error)
	// fetch brings a branch into a repository.
	fetch(ctx context.Context, git *durable.Dir, branch string, tip object.ID) error
}

// fetcher chooses what speaks with the remote: git where it is found, and the repository that it
// writes is the effective user's.
func (s *Source) fetcher(git *durable.Dir) (fetcher, error) {
	st, err := git.Lstat("")
	if err != nil {
		return nil, err
	}
	if program, found := gitexec.Find(s.s.SearchPath); found && int(st.UID) == os.Geteuid() && exchangeable(git.Path(""), s.t.folder) == "" {
		return &gitCarrier{git: gitexec.Git{Path: program, Env: s.s.Env, Progress: s.Progress}, gitDir: git.Path(""), t: &s.t}, nil
	}
	return newBuiltin(&s.t, &s.s), nil
}

// Fetch lets choose take one of the remote's branches, whose names it gets without refs/heads/ and
// in order, and brings that branch with all its commits into a repository.
func (s *Source) Fetch(ctx context.Context, git *durable.Dir, choose func(branches []string) (string, error)) (branch string, err error) {
	f, err := s.fetcher(git)
	if err != nil {
		return "", err
	}
	asking, end := context.WithTimeout(ctx, s.t.Timeout)
	refs, err := f.readable(asking)
	end()
	if err != nil {
		return "", s.silence(ctx, err)
	}
	var names []string
	for full := range refs {
		if name, isBranch := strings.CutPrefix(full, localBranches); isBranch && ref.CheckName(full) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if branch, err = choose(names); err != nil {
		return "", err
	}
	return branch, s.silence(ctx, f.fetch(ctx, git, branch, refs[localBranches+branch]))
}

// silence makes a *Failure of the end of a deadline that is not the caller's.
func (s *Source) silence(ctx context.Context, err error) error {
	if ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, gitexec.ErrQuiet)) {
		return s.t.newFailure(NoAnswer, "", nil)
	}
	return err
}

func (g *gitCarrier) readable(ctx context.Context) (map[string]object.ID, error) { return g.refs(ctx) }

// whole are the settings with which git fetches: all into one pack, and nothing is run afterwards.
var whole = []string{"-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.unpackLimit=1", "-c", "transfer.unpackLimit=1"}

// fetch lets git fetch. It ends when nothing is said for the target's time.
func (g *gitCarrier) fetch(ctx context.Context, git *durable.Dir, branch string, _ object.ID) error {
	long := *g
	long.git.Quiet = g.t.Timeout
	spec := "+" + localBranches + branch + ":" + Tracking(branch)
	res, err := long.run(ctx, append(slices.Clone(whole), "fetch", "--progress", "--no-tags", "--no-recurse-submodules", "--", g.t.address.raw, spec)...)
	if err != nil {
		return err
	}
	if res.Exit != 0 {
		return g.t.classify(res.Lines, "")
	}
	return git.Remove("FETCH_HEAD")
}

func (b *builtinCarrier) readable(ctx context.Context) (map[string]object.ID, error) {
	refs, err := transport.Refs(ctx, b.url, b.options)
	return refs, b.failure(ctx, err)
}

// Names in the stage of a new repository.
const (
	fetchedPack = "fetched-pack"
	fetchedIdx  = "fetched-idx"
)

// maxFetched is the largest object, in bytes, that is taken into memory.
const maxFetched = 1 << 30

// fetch writes what the remote sends as a pack, with its idx, and makes the remote-tracking branch.
func (b *builtinCarrier) fetch(ctx context.Context, git *durable.Dir, branch string, tip object.ID) error {
	staging, packing := durable.NewWalker(git), durable.NewWalker(git)
	defer staging.Close()
	defer packing.Close()
	stage, err := staging.Dir("timemachine/stage")
	if err != nil {
		return err
	}
	pack, err := stage.Create(fetchedPack)
	if err != nil {
		return err
	}
	defer pack.Close()
	if err := transport.Fetch(ctx, b.url, b.options, []object.ID{tip}, pack); err != nil {
		return b.failure(ctx, err)
	}
	name, err := indexFetched(ctx, stage, pack)
	if err != nil {
		return err
	}
	packs, err := packing.Dir("objects/pack")
	if err == nil {
		err = stage.Rename(fetchedPack, packs, name+".pack")
	}
	if err == nil {
		err = stage.Rename(fetchedIdx, packs, name+".idx")
	}
	if err == nil {
		err = ref.New(git, stage).Update(Tracking(branch), object.ID{}, tip, ref.LogEntry{})
	}
	return err
}

// indexFetched writes the idx of a pack, and returns the name that git gives the pack.
func indexFetched(ctx context.Context, stage *durable.Dir, pack *durable.File) (name string, err error) {
	data, err := durable.Map(stage.Path(fetchedPack), nil)
	if err != nil {
		return "", err
	}
	defer durable.Unmap(data)
	idx, err := stage.Create(fetchedIdx)
	if err != nil {
		return "", err
	}
	missing := func(id object.ID) (object.Kind, []byte, error) { return 0, nil, object.ErrNotFound }
	sum, err := packwrite.Complete(ctx, pack, data, idx, missing, maxFetched)
	for _, f := range []*durable.File{idx, pack} {
		if err == nil {
			err = f.Chmod(0o400)
		}
		if err == nil {
			err = f.Sync()
		}
	}
	return "pack-" + sum.String(), errors.Join(err, idx.Close())
}
