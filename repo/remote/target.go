package remote

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timemachine/repo/git/ref"
	"timemachine/repo/internal/commits"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Way is what speaks with the remote.
type Way string

// The ways. Auto is git where it is found and the repository is the effective user's.
const (
	Auto    Way = "auto"
	Git     Way = "git"
	Builtin Way = "builtin"
)

// Target is a branch at a remote.
type Target struct {
	Name    string // of one of the repository's remotes; "" where URL was given
	Ref     string // the branch: refs/heads/main
	With    Way
	Timeout time.Duration // of one exchange
	Private bool          // files that not everybody may read may go there
	given   string        // the URL before git replaces its beginning; "" where Name is set
	from    string        // the repository's URL, where the user's configuration leads elsewhere
	address address
	folder  string // of a remote on this machine, absolute; "" for another one
	home    string // of the user who pushes; "": not known
}

// URL is where the remote is, for messages: without a password. Where git pushes, the user's
// configuration can lead elsewhere than the repository's: Push and Probe ask git for it.
func (t *Target) URL() string { return t.address.shown() }

// IsRedirected tells whether the user's configuration of git leads a push elsewhere than the
// repository's, as Push and Probe have found.
func (t *Target) IsRedirected() bool { return t.from != "" && t.from != t.URL() }

// configured is the URL by the repository's configuration alone.
func (t *Target) configured() string { return cmp.Or(t.from, t.URL()) }

// Label names the remote as the user does.
func (t *Target) Label() string {
	if t.Name != "" {
		return t.Name
	}
	return t.URL()
}

// Branch is the branch at the remote, without refs/heads/.
func (t *Target) Branch() string { return strings.TrimPrefix(t.Ref, "refs/heads/") }

// OnlyName is the name of the repository's remote where it has just one, or of origin; "" for none.
func OnlyName(c *commits.Commits) string {
	names := c.Config.Remotes()
	if slices.Contains(names, "origin") {
		return "origin"
	}
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// Request says what a user wants to push to.
type Request struct {
	Remote  string // a name or a URL
	Branch  string // at the remote; "": as here
	With    Way
	Timeout time.Duration
	Private bool
	UID     int    // the effective user
	Base    string // the folder that a relative path of Remote starts from
	Home    string // what ~/ stands for there
}

// path is the remote as Absolute makes it.
func (q *Request) path() string { return Absolute(q.Remote, q.Base, q.Home) }

// Absolute makes a remote that is a path absolute, from the folder base; other URLs stay. ~/ stands
// for home.
func Absolute(remote, base, home string) string {
	if a := parseAddress(remote); a.scheme != "" || a.path != remote || filepath.IsAbs(a.path) {
		return remote
	}
	if rest, ok := strings.CutPrefix(remote, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return filepath.Join(base, remote)
}

// Resolve finds the remote that is meant. Where another user owns the repository, its remotes are
// not used, which would let that user choose where the effective user's keys are shown.
func Resolve(c *commits.Commits, q Request) (Target, error) {
	t := Target{With: q.With, Timeout: q.Timeout, Private: q.Private, home: q.Home}
	owner, err := c.OwnerUID()
	if err != nil {
		return t, err
	}
	urls := []string{q.Remote}
	switch known := c.Config.HasRemote(q.Remote); {
	case int(owner) != q.UID && !isURL(q.Remote):
		return t, &refusal.Error{Kind: refusal.Unsupported, Dest: c.Path,
			Msg:    fmt.Sprintf("remote %s is not used: %s belongs to uid %d, who could lead it anywhere", record.Quote(q.Remote), record.Quote(c.Path), owner),
			Remedy: refusal.Remedy{Kind: refusal.NameURL, Dest: c.Path}}
	case int(owner) != q.UID:
		urls[0] = q.path()
	case known:
		t.Name, urls = q.Remote, c.Config.PushURLs(q.Remote)
	case !isURL(q.Remote):
		return t, &refusal.Error{Kind: refusal.Unsupported, Dest: c.Path, Msg: fmt.Sprintf("%s has no remote %s", record.Quote(c.Path), record.Quote(q.Remote)),
			Remedy: refusal.Remedy{Kind: refusal.AddRemote, Dest: c.Path, Remote: q.Remote}}
	default:
		t.given, urls = q.path(), c.Config.PushURLs(q.path())
	}
	if !isOne(urls) {
		return t, notOne(c, q.Remote, urls)
	}
	t.address = parseAddress(urls[0])
	t.folder = t.address.folder(c.Path)
	if t.Ref = c.Branch; q.Branch != "" {
		t.Ref = "refs/heads/" + q.Branch
	}
	if err := ref.CheckName(t.Ref); err != nil {
		return t, &refusal.Error{Kind: refusal.Unsupported, Dest: c.Path, Msg: fmt.Sprintf("%s is no name for a branch", record.Quote(t.Branch()))}
	}
	return t, t.chooseWay(int(owner), q.UID)
}

// isOne tells whether a push goes to one address, which git takes for no option.
func isOne(urls []string) bool {
	return len(urls) == 1 && urls[0] != "" && !strings.HasPrefix(urls[0], "-")
}

// notOne is the refusal of a remote for which isOne is false.
func notOne(c *commits.Commits, remote string, urls []string) error {
	return &refusal.Error{Kind: refusal.Unsupported, Dest: c.Path, Msg: fmt.Sprintf("remote %s has %d push URLs: one is needed", record.Quote(remote), len(urls))}
}

// chooseWay refuses git in a repository of another user's: it would run programs that they name.
func (t *Target) chooseWay(owner, uid int) error {
	if owner == uid {
		return nil
	}
	if t.With == Git {
		return &refusal.Error{Kind: refusal.Unsupported, Msg: fmt.Sprintf("git is not run in a repository of uid %d", owner), Remedy: refusal.Remedy{Kind: refusal.PushBuiltin}}
	}
	t.With = Builtin
	return nil
}
