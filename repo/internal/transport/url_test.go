package transport

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSSHURLs reads URLs as git does: what git would call ssh with is what is connected to and
// asked for here. Where git takes a URL for a path, so does this.
func TestSSHURLs(t *testing.T) {
	dir := t.TempDir()
	program, said := filepath.Join(dir, "ssh"), filepath.Join(dir, "said")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nfor a; do printf '%s\\n' \"$a\"; done >\"$SAID\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		"ssh://host/path", "ssh://host/path/with space", "ssh://u@host:2222/p", "ssh://host/~/x", "ssh://host/~user/x", "ssh://[::1]/x", "ssh://[::1]:22/x", "ssh://u@[fe80::1]:44/x",
		"ssh://host:/x", "git+ssh://host/x", "ssh+git://u@host/x", "ssh://u@host/a%20b", "ssh://host/it's!",
		"host:x", "u@host:x", "host:/abs/x", "host:~/x", "u@host:~v/x", "[::1]:x", "u@[::1]:x", "[host:22]:x", "u@[host:2222]:/x", "[u@host:2222]:x", "host:a:b", "host:a/b c",
		"./host:x", "/a:b", "a/b:c", "nothing", "host:it's!", "u@v@host:x", "",
	} {
		_ = os.Remove(said)
		cmd := exec.Command("git", "ls-remote", url)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_SSH="+program, "GIT_SSH_VARIANT=ssh", "SAID="+said, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_PROTOCOL_FROM_USER=1")
		_ = cmd.Run() // it fails: nobody answers
		text, err := os.ReadFile(said)
		asked := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		e, perr := parseURL(url)
		if err != nil {
			if perr == nil && e.scheme == schemeSSH {
				t.Errorf("%q: ssh to %+v, but git does not", url, e)
			}
			continue
		}
		if perr != nil || e.scheme != schemeSSH {
			t.Errorf("%q: git calls ssh with %q, not so %+v, %v", url, asked, e, perr)
			continue
		}
		var want []string
		if e.port != "" {
			want = append(want, "-p", e.port)
		}
		host := e.host
		if e.user != "" {
			host = e.user + "@" + host
		}
		want = append(want, host, "git-upload-pack "+quotePath(e.path))
		var got []string
		for i := 0; i < len(asked); i++ {
			if asked[i] == "-o" { // SendEnv=GIT_PROTOCOL
				i++
				continue
			}
			got = append(got, asked[i])
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q: git calls ssh with %q, not %q", url, got, want)
		}
	}
}

// TestURLs names no password, and refuses what cannot be spoken to.
func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"https://u:secret@host/x?y":  "https://u@host/x?y",
		"https://:secret@host/x":     "https://@host/x",
		"https://token@host:8443/x/": "https://token@host:8443/x/",
		"ssh://u:secret@host/x":      "ssh://u@host/x",
	} {
		e, err := parseURL(url)
		if err != nil || e.String() != want {
			t.Errorf("%q: %v, %v", url, e, err)
		}
	}
	for url, kind := range map[string]Kind{
		"https:///x": Protocol, "git://host": Protocol, "ftp://host/x": Unsupported, "ext::sh -c x": Unsupported, "host:": Protocol, "a\nb": Protocol, "": Protocol, "https://u:se%ZZcret@host/": Protocol,
	} {
		_, err := parseURL(url)
		var e *Error
		if !errors.As(err, &e) || e.Kind != kind || strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	e, err := parseURL("file:///a%20b?c#d")
	if err != nil || e.path != "/a%20b?c#d" {
		t.Errorf("a folder: %+v, %v", e, err)
	}
}
