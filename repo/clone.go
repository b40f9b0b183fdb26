package repo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/gitexec"
	"timemachine/repo/internal/incoming"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// OriginError says why a remote cannot be read.
type OriginError = incoming.Error

// Origin is the remote that a destination is made from.
type Origin struct {
	URL        string
	Branch     string        // without refs/heads/; "": the only one, else the one of this host
	Host       string        // this host's name
	Env        []string      // the environment, for git
	SearchPath string        // PATH
	Timeout    time.Duration // in which the remote must say something
}

// Cloned is what a destination was made from.
type Cloned struct {
	URL    string // without a password
	Branch string
}

// Clone makes a destination that holds a branch of a remote, and goes on with it. The folder is
// made as Init does. A Clone that is cut short leaves nothing that another one does not remove.
// files/ and copies/ are left to the next run. Errors: a *refusal.Error, or that of git.
func Clone(ctx context.Context, path string, o Options, from Origin) (Cloned, error) {
	o = o.withDefaults()
	program, found := gitexec.Find(from.SearchPath)
	if !found {
		return Cloned{}, errors.New("git is not installed")
	}
	remote := &incoming.Remote{URL: from.URL, Git: gitexec.Git{Path: program, Env: from.Env}, Timeout: from.Timeout}
	done := Cloned{URL: remote.Shown()}
	if err := remote.Check(); err != nil {
		return done, err
	}
	err := dest.Make(path, o.Exclude, func(git *durable.Dir) (string, string, error) {
		branches, err := remote.Branches(ctx, git.Path(""))
		if err == nil {
			done.Branch, err = from.choose(slices.Sorted(maps.Keys(branches)), done.URL)
		}
		if err == nil {
			err = remote.Fetch(ctx, git.Path(""), done.Branch)
		}
		if err == nil {
			err = startBranch(git, done, o)
		}
		return done.Branch, remote.Settings(done.Branch), err
	})
	return done, err
}

// choose finds the branch to take among the remote's.
func (f *Origin) choose(branches []string, url string) (string, error) {
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
		return refuse("has no branch " + record.Quote(wanted) + ", but " + someNames(branches))
	case len(branches) == 1:
		return branches[0], nil
	case len(ofHost) == 1:
		return ofHost[0], nil
	case len(ofHost) > 1:
		return refuse(fmt.Sprintf("holds %d branches of this host: %s", len(ofHost), someNames(ofHost)))
	}
	return refuse(fmt.Sprintf("holds %d branches and none of this host (%s): %s", len(branches), record.Quote(f.Host), someNames(branches)))
}

// someNames lists the first names, and how many others there are.
func someNames(names []string) string {
	const most = 5
	var quoted []string
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, record.Quote(name))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d others", more)
	}
	return text
}

// startBranch makes the branch where the remote's was fetched to. It refuses a branch without a
// record.
func startBranch(git *durable.Dir, from Cloned, o Options) error {
	w := durable.NewWalker(git)
	defer w.Close()
	stage, err := w.Dir("timemachine/stage")
	if err != nil {
		return err
	}
	refs := ref.New(git, stage)
	tip, err := refs.Read(incoming.Tracking(from.Branch))
	if errors.Is(err, ref.ErrMissing) { // git passes such a branch over
		return &refusal.Error{Kind: refusal.Unsupported, Msg: record.Quote(from.URL) + " is a shallow clone: it lacks the older versions"}
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
		return &refusal.Error{Kind: refusal.Foreign, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", record.Quote(from.Branch), record.Quote(from.URL))}
	}
	return errors.Join(git.Remove("FETCH_HEAD"), refs.Update("refs/heads/"+from.Branch, object.ID{}, tip,
		ref.LogEntry{Name: o.Ident.Name, Email: o.Ident.Email, When: o.Clock().In(o.Zone), Message: "clone: from " + from.URL}))
}
