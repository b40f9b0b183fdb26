package dest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const configWait = 2 * time.Second // for another program's lock of git's configuration

// AddRemote gives the repository a remote, as git remote add does. One that has this URL already is
// no error. The caller is the only writer.
func (r *Dest) AddRemote(name, url string) error {
	lock, err := r.Git.TakeLock("config", r.Stage, configWait)
	if err != nil {
		return err
	}
	text, err := r.withRemote(name, url)
	if err == nil && text != nil {
		_, err = lock.Write(text)
	}
	if err != nil || text == nil {
		return cmp.Or(err, lock.Abort())
	}
	return errors.Join(lock.Commit(), r.ReadConfig())
}

// withRemote is the configuration with one more remote; nil where it has that.
func (r *Dest) withRemote(name, url string) ([]byte, error) {
	if err := r.ReadConfig(); err != nil {
		return nil, err
	}
	if r.Config.HasRemote(name) {
		if slices.Equal(r.Config.PushURLs(name), r.Config.PushURLs(url)) {
			return nil, nil
		}
		return nil, &refusal.Error{Kind: refusal.Unsupported, Dest: r.Path, Msg: fmt.Sprintf("%s has a remote %s with another URL", record.Quote(r.Path), record.Quote(name)),
			Remedy: refusal.Remedy{Kind: refusal.SetRemoteURL, Dest: r.Path, Remote: name}}
	}
	b := slices.Clone(r.Config.Text)
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(url)
	return fmt.Appendf(b, "[remote \"%s\"]\n\turl = \"%s\"\n\tfetch = +refs/heads/*:refs/remotes/%s/*\n", name, quoted, name), nil
}
