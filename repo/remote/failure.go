package remote

import (
	"fmt"
	"strings"

	"timemachine/repo/refusal"
)

// Class says when a failed push is tried again.
type Class string

// The classes. After a run transient failures are tried again after 1, 2, 4 … 60 minutes, waiting
// and gone ones hourly, refused ones when the branch here or at the remote has changed. A person's
// push is tried at once.
const (
	Transient Class = "transient" // the network, a busy remote, a lock
	Waiting   Class = "waiting"   // for a person to give a key, a password or leave
	Refused   Class = "refused"   // by the remote, or since it holds another history
	Gone      Class = "gone"      // no such repository
)

// Reason is why a push failed.
type Reason int

// The reasons, by class.
const (
	Unknown     Reason = iota // transient
	NoName                    // the host's name cannot be resolved
	NoListener                // the host refuses the connection
	NoRoute                   // the host cannot be reached
	Broken                    // the connection broke off
	NoAnswer                  // the deadline has passed
	ServerError               // the server is out of order, or asks to wait
	RemoteBusy                // the remote's branch is locked

	NoLogin        // waiting: no key or password is accepted
	NoRight        // the login may not push, or is not valid: hosts answer both alike
	HostKeyUnknown // no line in known_hosts
	HostKeyChanged
	BadCertificate
	ForeignFolder // a local repository of another user's
	PrivateFiles  // files would leave that not everybody may read
	NoSSH         // ssh is not installed
	NoGit         // git is not
	UnsafeGit     // git would run the hooks of what another user can put there
	NeedsGit      // the remote needs what is not built in

	OtherHistory // refused: the branch holds commits that are not in this history
	Declined     // by a hook
	Protected    // the branch is
	TooLarge     // a file or the push is
	Secrets      // the remote found some
	Malformed    // an object, as the remote's fsck finds
	RemoteFull   // its disk
	ReadOnly     // the remote is
	CheckedOut   // the branch is, in a repository with a work tree
	NameClash    // with another branch
	Rejected     // for a reason that only the remote's lines tell
	Lost         // the remote said yes, and has another commit

	NoRepository // gone
)

// reasons gives the class of each reason, and what it is in words. HOST stands for the host, DO for
// push or fetch.
var reasons = map[Reason]struct {
	class Class
	words string
}{
	Unknown:     {Transient, "it failed"},
	NoName:      {Transient, "the name HOST cannot be resolved"},
	NoListener:  {Transient, "HOST refuses the connection"},
	NoRoute:     {Transient, "HOST cannot be reached"},
	Broken:      {Transient, "the connection broke off"},
	NoAnswer:    {Transient, "no answer in time"},
	ServerError: {Transient, "the server is out of order"},
	RemoteBusy:  {Transient, "the branch is locked at the remote"},

	NoLogin:        {Waiting, "HOST accepts no key or password that there is"},
	NoRight:        {Waiting, "HOST denies it: the login may lack the right to DO, or is not valid there"},
	HostKeyUnknown: {Waiting, "the host key of HOST is not known"},
	HostKeyChanged: {Waiting, "the host key of HOST has changed"},
	BadCertificate: {Waiting, "the certificate of HOST is not accepted"},
	ForeignFolder:  {Waiting, "the repository belongs to another user"},
	PrivateFiles:   {Waiting, "files would leave that not everybody may read"},
	NoSSH:          {Waiting, "the program ssh cannot be run"},
	NoGit:          {Waiting, "git is not found in PATH"},
	UnsafeGit:      {Waiting, "git is not run where another user can put a repository of theirs"},
	NeedsGit:       {Waiting, "git is needed for it"},

	OtherHistory: {Refused, "the branch there holds commits that are not in this history"},
	Declined:     {Refused, "a hook of the remote declines it"},
	Protected:    {Refused, "the branch is protected"},
	TooLarge:     {Refused, "it is too large for the remote"},
	Secrets:      {Refused, "the remote takes no secrets"},
	Malformed:    {Refused, "the remote takes an object for malformed"},
	RemoteFull:   {Refused, "the remote's disk is full"},
	ReadOnly:     {Refused, "the remote can only be read"},
	CheckedOut:   {Refused, "the branch is checked out there"},
	NameClash:    {Refused, "the branch's name clashes with another one there"},
	Rejected:     {Refused, "the remote rejects it"},
	Lost:         {Refused, "the remote took it, and its branch is at another commit"},

	NoRepository: {Gone, "there is no such repository, or none that may be seen"},
}

// Failure says why a push failed.
type Failure struct {
	Reason Reason
	Msg    string   // in one sentence; control characters in it are the remote's
	Why    string   // the part of Msg after what was tried
	Lines  []string // the remote's own words, raw but for their number and length
	About  []string // which files and commits it is about, where that is known
	Remedy refusal.Remedy
	Err    error // the cause, or nil
}

func (f *Failure) Error() string { return f.Msg }

func (f *Failure) Unwrap() error { return f.Err }

// Class says when it is tried again.
func (f *Failure) Class() Class { return reasons[f.Reason].class }

const (
	maxLines = 12  // of the remote that are passed on
	maxLine  = 300 // bytes of one
)

// newFailure is the failure of a push to t, or of a fetch where t has no branch. detail is added to
// the sentence where it is not empty. lines are the remote's.
func (t *Target) newFailure(r Reason, detail string, lines []string) *Failure {
	host := t.address.host
	if host == "" {
		host = "the remote"
	}
	verb, doing := "fetch", "fetch from "+t.Label()
	if t.Ref != "" {
		verb, doing = "push", fmt.Sprintf("push to %s, branch %s", t.Label(), t.Branch())
	}
	words := strings.NewReplacer("HOST", host, "DO", verb).Replace(reasons[r].words)
	if r == NoRepository && t.Name != "" { // the name does not tell where it was searched
		detail = t.URL()
	}
	if detail = shorten(t.address.clean(detail)); detail != "" {
		words += ": " + detail
	}
	f := &Failure{Reason: r, Msg: doing + ": " + words, Why: words, Remedy: t.remedy(r)}
	for i, line := range lines {
		if i == maxLines {
			f.Lines = append(f.Lines, fmt.Sprintf("[%d more lines]", len(lines)-i))
			break
		}
		f.Lines = append(f.Lines, shorten(t.address.clean(line)))
	}
	return f
}

func shorten(s string) string {
	if len(s) > maxLine {
		return s[:maxLine] + "[…]"
	}
	return s
}

// remedy is what a person can do about a reason.
func (t *Target) remedy(r Reason) refusal.Remedy {
	a := t.address
	m := refusal.Remedy{Remote: t.Label(), Host: a.host, Port: a.port, User: a.user, Branch: t.Ref}
	switch r {
	case NoLogin, NoRight:
		m.Kind = refusal.GiveKey
		if a.isHTTP() {
			m.Kind, m.User = refusal.GivePassword, ""
		}
		if r == NoRight && t.Ref != "" {
			m.Kind = refusal.GrantPush
		}
	case HostKeyUnknown:
		m.Kind = refusal.TrustHostKey
	case HostKeyChanged:
		m.Kind = refusal.ForgetHostKey
	case BadCertificate:
		m.Kind = refusal.TrustCertificate
	case ForeignFolder:
		m.Kind, m.Path = refusal.TrustFolder, a.path
	case NoGit, UnsafeGit:
		m.Kind = refusal.PushBuiltin
	case NeedsGit:
		m.Kind = refusal.PushWithGit
	case PrivateFiles:
		m.Kind = refusal.AllowPrivate
	case OtherHistory, Protected, NameClash:
		m.Kind = refusal.ChooseBranch
	case CheckedOut:
		m.Kind = refusal.UseBareRemote
	case NoRepository:
		m.Kind = refusal.MakeRepository
		if t.Ref == "" {
			m.Kind = refusal.CorrectURL
		}
	case TooLarge:
		m.Kind = refusal.TakeOut
	case Declined, Secrets, Malformed, RemoteFull, ReadOnly, Rejected, Lost:
		m.Kind = refusal.PushAgain
	default:
		return refusal.Remedy{}
	}
	return m
}
