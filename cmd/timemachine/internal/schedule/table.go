package schedule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"timemachine/repo/durable"
)

// How long crontab may take to tell what is there, and to replace it.
const (
	crontabPatience = 2 * time.Second
	replacePatience = 10 * time.Second
)

// userCrontab is the text of the user's crontab; "" where there is none.
func (p *Places) userCrontab(ctx context.Context) (string, error) {
	if p.Crontab == "" {
		return "", &LackError{Lack: NoCrontab}
	}
	out, said, err := p.command(ctx, crontabPatience, "", p.Crontab, "-l")
	switch {
	case err == nil:
		return out, nil
	case saysNone(said) && errors.As(err, new(*exec.ExitError)):
		return "", nil
	}
	return "", &CommandError{Command: "crontab -l", Said: said, Err: err}
}

// saysNone tells whether crontab says that the user has no table. That of busybox cannot open its
// file then. Another file that is missing, such as its folder or its interpreter, is a failure.
func saysNone(said string) bool {
	return strings.Contains(said, "no crontab") || strings.Contains(said, "can't open '") && strings.HasSuffix(said, "': No such file or directory")
}

// setUserCrontab replaces the user's crontab. An empty one is removed.
func (p *Places) setUserCrontab(ctx context.Context, text string) error {
	args := []string{"-"}
	if text == "" {
		args = []string{"-r"}
	}
	if _, said, err := p.command(ctx, replacePatience, text, p.Crontab, args...); err != nil {
		return &CommandError{Command: "crontab " + args[0], Said: said, Err: err}
	}
	switch now, err := p.userCrontab(ctx); {
	case err != nil:
		return err
	case now != text:
		return &CommandError{Command: "crontab -", Said: "the crontab is not what it was given"}
	}
	return nil
}

// mostOutput is how many bytes a command may print.
const mostOutput = 1 << 20

// afterwards is how long what a command has started may hold its output open.
const afterwards = 500 * time.Millisecond

// command runs a program with a text as its input. Both outputs are returned; the second one as a
// line. A program that takes longer than patience is ended with all that it has started, and so is
// one that prints more than mostOutput.
func (p *Places) command(ctx context.Context, patience time.Duration, input, program string, args ...string) (out, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(slices.Clone(p.Env), "LC_ALL=C", "TZ=UTC")
	if p.Runtime != "" {
		cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+p.Runtime)
	}
	stdout, stderr := &output{end: cancel}, &output{end: cancel}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = afterwards
	err = cmd.Run()
	if stdout.full || stderr.full {
		err = fmt.Errorf("it printed more than %d MiB", mostOutput>>20)
	}
	return stdout.String(), strings.Join(strings.Fields(stderr.String()), " "), err
}

// output keeps what a command prints, up to mostOutput bytes. Then it calls end.
type output struct {
	strings.Builder
	end  func()
	full bool
}

func (o *output) Write(b []byte) (int, error) {
	if o.full = o.full || o.Len()+len(b) > mostOutput; o.full {
		o.end()
		return len(b), nil
	}
	return o.Builder.Write(b)
}

// table is a text in which cron reads lines: the user's crontab, or a file for the system.
type table struct {
	*Places
	file string // "" for the user's crontab
}

func (t *table) where() string {
	if t.file == "" {
		return UserCrontab
	}
	return t.file
}

// read is the text; "" where there is none yet.
func (t *table) read(ctx context.Context) (string, error) {
	if t.file == "" {
		return t.userCrontab(ctx)
	}
	return readOwn(t.file)
}

// write replaces the text. An empty one is removed.
func (t *table) write(ctx context.Context, text string) error {
	switch {
	case t.file == "":
		return t.setUserCrontab(ctx, text)
	case text == "":
		return removeFile(t.file)
	}
	return putFile(t.file, text)
}

// isOurs tells whether a line is a schedule's of that name, or one that stands for it.
func isOurs(line, name string, former []string) bool {
	return markedName(line) == name || slices.Contains(former, strings.TrimSpace(line))
}

// setLine puts a line in the place of the first line that is a schedule's, else at the end. Further
// lines of it go, and the rest stays to the byte. An empty line removes it.
func setLine(text, line, name string, former []string) string {
	var b strings.Builder
	placed := line == ""
	for old := range strings.Lines(text) {
		if !isOurs(old, name, former) {
			b.WriteString(old)
			continue
		}
		if !placed {
			b.WriteString(line + "\n")
			placed = true
		}
	}
	if !placed {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteString("\n")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// isForeign tells whether a text has a line with a command that is no schedule's of that name.
func isForeign(text, name string, former []string) bool {
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		_, _, assigns := assignment(trimmed)
		if trimmed != "" && trimmed[0] != '#' && !assigns && !isOurs(line, name, former) {
			return true
		}
	}
	return false
}

// readOwn is the text of a file that install may replace: a regular one, or none.
func readOwn(file string) (string, error) {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > mostOfAFile:
		return "", &ForeignError{Where: file}
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

// putFile replaces a file by one that everybody may read, at one moment.
func putFile(file, text string) error {
	d, err := durable.OpenTrusted(filepath.Dir(file), true)
	if err != nil {
		return err
	}
	defer d.Close()
	name := filepath.Base(file)
	temp := durable.Temporary(name)
	if err := d.Remove(temp); err != nil {
		return err
	}
	f, err := d.CreateAs(temp, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = d.Rename(temp, d, name)
	}
	if err != nil {
		return errors.Join(err, d.Remove(temp))
	}
	return d.Sync()
}

func removeFile(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
