package sshlogin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"timemachine/repo/internal/transport/fault"
)

// keyFiles are the private keys that ssh looks for in .ssh, in its order.
var keyFiles = []string{"id_rsa", "id_ecdsa", "id_ed25519"}

// loginKeys finds the keys to log in with: those of the agent, then the files.
type loginKeys struct {
	c       *Config
	agent   net.Conn
	offered int
	locked  string // the first file with a passphrase
	flaw    string // why the agent gives no keys, or a file holds none
	file    string // of flaw
}

// signers lists the keys.
func (k *loginKeys) signers(ctx context.Context) []ssh.Signer {
	all := k.fromAgent(ctx)
	for _, name := range keyFiles {
		if k.c.Home == "" {
			break
		}
		file := filepath.Join(k.c.Home, ".ssh", name)
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var signer ssh.Signer
		if err == nil {
			signer, err = ssh.ParsePrivateKey(text)
		}
		var locked *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &locked):
			if k.locked == "" {
				k.locked = file
			}
		case err != nil:
			k.flaw, k.file = fmt.Sprintf("key %q cannot be read", file), file
		default:
			all = append(all, signer)
		}
	}
	k.offered = len(all)
	return all
}

// fromAgent lists the agent's keys.
func (k *loginKeys) fromAgent(ctx context.Context) []ssh.Signer {
	if k.c.AgentSocket == "" {
		return nil
	}
	conn, err := (&net.Dialer{Timeout: k.c.Quiet}).DialContext(ctx, "unix", k.c.AgentSocket)
	if err != nil {
		k.flaw = "the ssh agent does not answer"
		return nil
	}
	k.agent = conn
	// It may ask its user whether a key may be used.
	if err := conn.SetDeadline(time.Now().Add(k.c.Quiet)); err != nil {
		return nil
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		k.flaw = "the ssh agent does not answer"
	}
	return signers
}

func (k *loginKeys) close() {
	if k.agent != nil {
		k.agent.Close()
	}
}

// failed is the error of a login that failed.
func (k *loginKeys) failed() *fault.Error {
	user := k.c.User
	e := fault.New(fault.AuthFailed, fmt.Sprintf("the host does not let %q in with any of %d keys", user, k.offered), nil)
	switch {
	case k.locked != "":
		e.File = k.locked
		e.Msg = fmt.Sprintf("key %q has a passphrase, and no ssh agent holds it", k.locked)
		if k.offered > 0 {
			e.Msg = fmt.Sprintf("the host does not let %q in; key %q has a passphrase, and no ssh agent holds it", user, k.locked)
		}
	case k.flaw != "":
		e.Msg, e.File = fmt.Sprintf("the host does not let %q in: %s", user, k.flaw), k.file
	case k.offered == 0:
		e.Msg = "there is no key to log in with: no ssh agent, and no key file"
	case k.offered == 1:
		e.Msg = fmt.Sprintf("the host does not let %q in with the key it was shown", user)
	}
	return e
}
