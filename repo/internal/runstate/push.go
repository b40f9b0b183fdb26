package runstate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// MaxLines are the lines of a remote that are kept.
const MaxLines = 4

const (
	pushName   = "push"
	maxRemotes = 16 // remotes that are remembered, those first that were used last

	// PushLockName is the file whose flock makes its holder the only one that pushes.
	PushLockName = "push-lock"
)

// Push is what is known of a branch at a remote.
type Push struct {
	URL, Ref string    // which; the URL without a password
	From     string    // the repository's URL, where the user's configuration leads to another
	Seen     object.ID // the commit that the branch was seen at last; zero: not seen
	Done     time.Time // when it was last seen to have everything; zero: never
	Private  bool      // a person agreed that files which not everybody may read go there
	Batch    int       // objects of a batch that does not take too long; 0: any
	Failing  Failing
}

// Failing tells since when pushes fail. The zero value is for those that do not.
type Failing struct {
	Class   string    // "" where nothing fails
	Message string    // of the last failure
	Lines   []string  // the first ones that the remote said then, at most MaxLines
	Said    []string  // the classes that runs have printed
	Since   time.Time // the first failure
	Tried   time.Time // the last one
	Tries   int
	Tip     object.ID // of the branch here at the last failure
	Remote  object.ID // of the branch at the remote then; zero: none, or not known
	// the settings of the push then, in one word
	Settings string
}

// ReadPush reads what is known of a branch at a remote, which the repository's configuration has at
// the URL from: wherever it was when it was used last. What is damaged is not known.
func ReadPush(dir *durable.Dir, from, ref string) (Push, error) {
	all, err := ReadPushes(dir)
	for _, p := range all {
		if p.Configured() == from && p.Ref == ref {
			return p, err
		}
	}
	return Push{URL: from, Ref: ref}, err
}

// ReadPushAt reads what is known of the same where the user's configuration leads to another URL.
func ReadPushAt(dir *durable.Dir, from, url, ref string) (Push, error) {
	all, err := ReadPushes(dir)
	for _, p := range all {
		if p.Configured() == from && p.URL == url && p.Ref == ref {
			return p, err
		}
	}
	p := Push{URL: url, Ref: ref}
	if from != url {
		p.From = from
	}
	return p, err
}

// Configured is the URL in the repository's configuration.
func (p *Push) Configured() string { return cmp.Or(p.From, p.URL) }

// WritePush replaces what is known of a branch at a remote. Losing it costs one exchange with the
// remote, so it is not forced to disk.
func WritePush(dir *durable.Dir, p Push) error {
	all, err := ReadPushes(dir)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o Push) bool { return o.URL == p.URL && o.Ref == p.Ref && o.From == p.From })
	all = append([]Push{p}, all[:min(len(all), maxRemotes-1)]...)
	var b strings.Builder
	for i := range all {
		all[i].write(&b)
	}
	return dir.Put(pushName, []byte(b.String()))
}

// ReadPushes reads what is known of all branches at remotes, those first that were used last.
func ReadPushes(dir *durable.Dir) (all []Push, err error) {
	b, err := dir.ReadFile(pushName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for line := range strings.Lines(string(b)) {
		key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if key == "remote" {
			all = append(all, Push{})
			all[len(all)-1].URL, rest = cutQuoted(rest)
			all[len(all)-1].Ref, _ = cutQuoted(rest)
		} else if len(all) > 0 {
			all[len(all)-1].set(key, rest)
		}
	}
	return all, err
}

// set takes one line. One that is damaged is passed over.
func (p *Push) set(key, value string) {
	switch key {
	case "from":
		p.From, _ = cutQuoted(value)
	case "seen":
		p.Seen, _ = object.ParseID(value)
	case "done":
		p.Done = parseSecond(value)
	case "private":
		p.Private = value == "yes"
	case "batch":
		p.Batch, _ = strconv.Atoi(value)
	case "failing":
		f := strings.Fields(value)
		if len(f) != 7 {
			return
		}
		tries, err := strconv.Atoi(f[3])
		if err != nil {
			return
		}
		p.Failing.Class, p.Failing.Since, p.Failing.Tried, p.Failing.Tries = f[0], parseSecond(f[1]), parseSecond(f[2]), tries
		p.Failing.Tip, _ = object.ParseID(f[4])
		p.Failing.Remote, _ = object.ParseID(f[5])
		p.Failing.Settings = f[6]
	case "said":
		p.Failing.Said = strings.Fields(value)
	case "line":
		if line, _ := cutQuoted(value); len(p.Failing.Lines) < MaxLines {
			p.Failing.Lines = append(p.Failing.Lines, line)
		}
	case "message":
		p.Failing.Message, _ = cutQuoted(value)
	}
}

func (p *Push) write(b *strings.Builder) {
	fmt.Fprintf(b, "remote %q %q\nseen %s\n", p.URL, p.Ref, p.Seen)
	if p.From != "" {
		fmt.Fprintf(b, "from %q\n", p.From)
	}
	if !p.Done.IsZero() {
		fmt.Fprintf(b, "done %d\n", p.Done.Unix())
	}
	if p.Private {
		b.WriteString("private yes\n")
	}
	if p.Batch > 0 {
		fmt.Fprintf(b, "batch %d\n", p.Batch)
	}
	if f := &p.Failing; f.Class != "" {
		fmt.Fprintf(b, "failing %s %d %d %d %s %s %s\nsaid %s\nmessage %q\n", f.Class, f.Since.Unix(), f.Tried.Unix(), f.Tries, f.Tip, f.Remote,
			f.Settings, strings.Join(f.Said, " "), f.Message)
		for _, line := range f.Lines {
			fmt.Fprintf(b, "line %q\n", line)
		}
	}
}

// cutQuoted reads a string quoted as in Go from the beginning of a line; "" for none.
func cutQuoted(s string) (value, rest string) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", ""
	}
	value, _ = strconv.Unquote(quoted)
	return value, strings.TrimPrefix(s[len(quoted):], " ")
}

// parseSecond reads a count of seconds since 1970; zero where it is none.
func parseSecond(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
