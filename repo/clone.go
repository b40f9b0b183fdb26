package repo

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/repo/remote"
)

// Origin is the branch of a remote that a destination is made from.
type Origin struct {
	Remote *remote.Source
	Branch string // without refs/heads/; "": the only one, else the one of this host
	Host   string // this host's name
}

// Clone makes a destination that holds a branch of a remote, and goes on with it. The folder is
// made as Init does. A Clone that is cut short leaves nothing that another one does not remove.
// files/ and copies/ are left to the next run. Errors: a *refusal.Error, or a *remote.Failure.
func Clone(ctx context.Context, path string, o Options, from Origin) (branch string, err error) {
	o = o.withDefaults()
	err = dest.Make(path, o.Exclude, func(git *durable.Dir) (string, string, error) {
		if branch, err = from.Remote.Fetch(ctx, git, from.choose); err == nil {
			err = from.start(git, branch, o)
		}
		return branch, from.Remote.Settings(branch), err
	})
	return branch, err
}

// choose finds the branch to take among the remote's.
func (f *Origin) choose(branches []string) (string, error) {
	url := f.Remote.URL()
	var ofHost []string
	for _, name := range branches {
		if path.Base(name) == f.Host {
			ofHost = append(ofHost, name)
		}
	}
	refuse := func(why string) (string, error) {
		return "", &refusal.Error{Kind: refusal.NoBranch, Msg: record.Quote(url) + " " + why, Remedy: refusal.Remedy{Kind: refusal.NameBranch}}
	}
	wanted := strings.TrimPrefix(f.Branch, "refs/heads/")
	switch {
	case len(branches) == 0:
		return "", &refusal.Error{Kind: refusal.NoBranch, Msg: record.Quote(url) + " holds no branch: there is no history to take over"}
	case wanted != "" && slices.Contains(branches, wanted):
		return wanted, nil
	case wanted != "":
		return refuse("has no branch " + record.Quote(wanted) + ", but " + record.QuoteSome(branches))
	case len(branches) == 1:
		return branches[0], nil
	case len(ofHost) == 1:
		return ofHost[0], nil
	case len(ofHost) > 1:
		return refuse(fmt.Sprintf("holds %d branches of this host: %s", len(ofHost), record.QuoteSome(ofHost)))
	}
	return refuse(fmt.Sprintf("holds %d branches and none of this host (%s): %s", len(branches), record.Quote(f.Host), record.QuoteSome(branches)))
}

// start makes the branch where the remote's was fetched to. It refuses a branch without a record.
func (f *Origin) start(git *durable.Dir, branch string, o Options) error {
	w := durable.NewWalker(git)
	defer w.Close()
	stage, err := w.Dir("timemachine/stage")
	if err != nil {
		return err
	}
	refs := ref.New(git, stage)
	tip, err := refs.Read(remote.Tracking(branch))
	if errors.Is(err, ref.ErrMissing) { // git passes such a branch over
		return &refusal.Error{Kind: refusal.Unsupported, Msg: record.Quote(f.Remote.URL()) + " is a shallow clone: it lacks the older versions"}
	}
	if err != nil {
		return err
	}
	store, err := pack.StoreOptions{}.Open(git.Path("objects"))
	if err != nil {
		return err
	}
	holds, err := dest.HoldsRecord(store, tip)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if !holds {
		return &refusal.Error{Kind: refusal.Foreign, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", record.Quote(branch), record.Quote(f.Remote.URL()))}
	}
	return errors.Join(git.Remove("FETCH_HEAD"), refs.Update("refs/heads/"+branch, object.ID{}, tip,
		ref.LogEntry{Name: o.Ident.Name, Email: o.Ident.Email, When: o.Clock().In(o.Zone), Message: "clone: from " + f.Remote.URL()}))
}
