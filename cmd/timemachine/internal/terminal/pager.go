package terminal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"
)

// PagerCommand is the user's pager: $PAGER, else less; "" for none. As with git, an empty $PAGER
// or cat means none. On a terminal that is dumb, or that $TERM does not name, less asks for a key
// before it shows anything: there only $PAGER is used. Git's configuration is not asked: a
// repository is data, and must not choose a program to run.
func PagerCommand(lookup func(name string) (string, bool)) string {
	if command, set := lookup("PAGER"); set {
		if command == "cat" {
			return ""
		}
		return command
	}
	if name, _ := lookup("TERM"); name == "" || name == "dumb" {
		return ""
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// shellSigns are the characters that only a shell understands.
const shellSigns = "|&;<>()$`\\\"'\n*?[#~=%"

// MissingPager returns an error where the program that a pager command begins with is not there. A
// command that needs a shell to tell is not looked at.
func MissingPager(command string) error {
	words := strings.Fields(command)
	if len(words) == 0 || strings.ContainsAny(command, shellSigns) {
		return nil
	}
	_, err := exec.LookPath(words[0])
	return err
}

// PagerSettings are the options of less and lv, as git sets them, that the user has not set.
func PagerSettings(lookup func(name string) (string, bool)) []string {
	var env []string
	for name, value := range map[string]string{"LESS": "FRX", "LV": "-c"} {
		if _, set := lookup(name); !set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Pager is a running program that shows its input page by page.
type Pager struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// StartPager starts a shell command as pager.
func StartPager(command string, environment []string, stdout, stderr io.Writer) (*Pager, error) {
	cmd := exec.Command("sh", "-c", command)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment, stdout, stderr
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	return &Pager{cmd: cmd, pipe: pipe}, nil
}

// Show passes the output of write to the pager and waits until the user quits. To quit the pager
// early is no error, nor is an interrupt.
func (p *Pager) Show(ctx context.Context, write func(w io.Writer) error) error {
	w := bufio.NewWriter(p.pipe)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if errors.Is(err, syscall.EPIPE) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	_ = p.pipe.Close() // a pager that ended closed it already
	_ = p.cmd.Wait()   // its exit status says nothing of the results
	return err
}
