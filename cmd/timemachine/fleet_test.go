package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fleetWorld is a server with a bare repository and the scripts of docs/fleet, and hosts that push
// to it.
type fleetWorld struct {
	t    *testing.T
	dir  string
	docs string
}

func newFleetWorld(t *testing.T, dir string) *fleetWorld {
	docs, err := filepath.Abs(filepath.Join("..", "..", "docs", "fleet"))
	if err != nil {
		t.Fatal(err)
	}
	w := &fleetWorld{t, dir, docs}
	w.must("git init -q --bare fleet.git && cp " + docs + "/pre-receive fleet.git/hooks/pre-receive && git -C fleet.git config receive.fsckObjects true")
	return w
}

// sh runs a script in the world's folder.
func (w *fleetWorld) sh(script string) (string, error) {
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "HOME="+w.dir, "XDG_STATE_HOME="+w.dir+"/state", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *fleetWorld) must(script string) string {
	w.t.Helper()
	out, err := w.sh(script)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// refused runs a script that must fail with a text.
func (w *fleetWorld) refused(text, script string) {
	w.t.Helper()
	if out, err := w.sh(script); err == nil || !strings.Contains(out, text) {
		w.t.Errorf("%s: %v\n%s\nwant %q", script, err, out, text)
	}
}

// host makes a host with a history of a file of its own.
func (w *fleetWorld) host(name string) {
	w.t.Helper()
	w.must(fmt.Sprintf("mkdir -p etc-%[1]s && echo secret of %[1]s >etc-%[1]s/shadow && chmod 600 etc-%[1]s/shadow && timemachine -cl etc-%[1]s -d %[1]s -q add etc-%[1]s/shadow", name))
}

func (w *fleetWorld) tip(branch string) string { return w.must("git -C fleet.git rev-parse " + branch) }

// TestFleetHook: the hook of docs/fleet lets each host move its own branch forward, and nothing
// else.
func TestFleetHook(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, t.TempDir())
	w.host("web1")
	w.host("web2")
	push := "git -C web1 push -q ../fleet.git "
	for _, known := range []string{"FLEET_HOST=web1", "REMOTE_USER=web1", "GITEA_PUSHER_NAME=web1"} {
		w.must("rm -rf etc-web1/shadow; echo changed " + known + " >etc-web1/shadow; timemachine -cl etc-web1 -d web1; " + known + " " + push + "main:hosts/web1")
	}
	w.must("FLEET_HOST=web2 git -C web2 push -q ../fleet.git main:hosts/web2")
	before := w.tip("hosts/web1") + w.tip("hosts/web2")
	w.refused("web1 may push to the branch hosts/web1 only", "FLEET_HOST=web1 "+push+"+main:hosts/web2")
	w.refused("web1 may push to the branch hosts/web1 only", "FLEET_HOST=web1 "+push+"main:main")
	w.refused("web1 may push to the branch hosts/web1 only", "FLEET_HOST=web1 "+push+"main:refs/tags/v1")
	w.refused("web1 may push to the branch hosts/web1 only", "FLEET_HOST=web1 "+push+"main:hosts/web1 main:hosts/web11")
	w.refused("web1 may push to the branch hosts/web1 only", "FLEET_HOST=web1 REMOTE_USER=web2 "+push+"+main:hosts/web2")
	w.refused("holds commits that are not in what web1 pushes", "FLEET_HOST=web1 "+push+"+main~1:hosts/web1")
	w.refused("hosts/web1 is not deleted", "FLEET_HOST=web1 "+push+":hosts/web1")
	w.refused("not known which host", push+"main:hosts/new")
	for _, name := range []string{"", "../x", "-x", ".x", "a b", "a/b", "x\x1b[31m", "x*", "web1.lock", "x."} {
		w.refused("not known which host", "export FLEET_HOST='"+name+"'; "+push+"main:hosts/new")
	}
	if got := w.tip("hosts/web1") + w.tip("hosts/web2"); got != before {
		t.Errorf("branches moved: %s, before %s", got, before)
	}
	w.must("git -C fleet.git fsck --strict")
}

// TestFleetPushesAtOnce: hosts that push at the same moment all arrive, each at its branch.
func TestFleetPushesAtOnce(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, t.TempDir())
	var script strings.Builder
	for i := range 12 {
		host := fmt.Sprintf("web%d", i)
		w.host(host)
		w.must(fmt.Sprintf("printf 'push: {remote: %[1]s/fleet.git, branch: hosts/%[2]s, private: yes}\\n' >etc-%[2]s/push.dat", w.dir, host))
		fmt.Fprintf(&script, "FLEET_HOST=%[1]s timemachine -cl etc-%[1]s -c push.dat -d %[1]s push >%[1]s.out 2>&1 || { cat %[1]s.out; touch failed; } &\n", host)
	}
	out := w.must(script.String() + "wait; test ! -e failed || cat *.out; test ! -e failed")
	for i := range 12 {
		host := fmt.Sprintf("web%d", i)
		if got, want := w.tip("hosts/"+host), w.must("git -C "+host+" rev-parse main"); got != want {
			t.Errorf("%s is at %s, not %s%s", host, got, want, out)
		}
	}
	w.must("git -C fleet.git fsck --strict")
}

// checkShell pushes and fetches as two hosts to which fleet-shell is all of the server. remote is
// the URL for a host, and env what its git needs.
func (w *fleetWorld) checkShell(env, remote func(host string) string) {
	for _, name := range []string{"web1", "web2"} {
		w.host(name)
		w.must(fmt.Sprintf("%s git -C %s push -q %s main:hosts/%[2]s", env(name), name, remote(name)))
	}
	if out := w.must(env("web1") + " git ls-remote " + remote("web1")); !strings.HasSuffix(out, "\trefs/heads/hosts/web1\n") || strings.Contains(out, "web2") {
		w.t.Errorf("web1 sees %s", out)
	}
	w.refused("hidden ref", env("web1")+" git -C web1 push "+remote("web1")+" main:hosts/web2")
	w.refused("hidden ref", env("web1")+" git -C web1 push "+remote("web1")+" main:main")
	tip := strings.TrimSpace(w.tip("hosts/web2"))
	w.refused("Server does not allow request", env("web1")+" git -C web1 fetch "+remote("web1")+" "+tip)
	// After a loss a host finds its own branch alone.
	w.must(env("web1") + " timemachine -cl new -d new init --adopt --from " + remote("web1"))
	if out := w.must("git -C new log --format=%s hosts/web1"); !strings.HasPrefix(out, "Add ") {
		w.t.Errorf("web1 got back %s", out)
	}
	w.must("git -C fleet.git fsck --strict")
	if out := w.must("timemachine -cl new -d fleet.git hosts"); strings.Count(out, "hosts/web") != 2 {
		w.t.Errorf("hosts: %s", out)
	}
}

// TestFleetShell: through docs/fleet/fleet-shell a host reaches its own branch and nothing else.
// ssh is played by a script; the system tests have the real one.
func TestFleetShell(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, t.TempDir())
	w.must("mkdir bin new && printf '%s\\n' '#!/bin/sh' 'host=$1' 'shift' 'export SSH_ORIGINAL_COMMAND=\"$*\"' 'exec sh " + w.docs + "/fleet-shell \"${host#git@}\" " + w.dir + "/fleet.git' >bin/play && chmod +x bin/play")
	env := func(string) string { return "GIT_SSH_VARIANT=simple GIT_SSH_COMMAND=" + w.dir + "/bin/play" }
	w.checkShell(env, func(host string) string { return "git@" + host + ":" + w.dir + "/fleet.git" })
	w.refused("web1 is served the repository "+w.dir+"/fleet.git only", env("web1")+" git ls-remote git@web1:"+w.dir+"/other.git")
	w.refused("web1 is served the repository "+w.dir+"/fleet.git only", env("web1")+" git -C web1 push git@web1:"+w.dir+"/web2 main:hosts/web1")
	tip := strings.TrimSpace(w.tip("hosts/web2"))
	w.refused("not our ref "+tip, "printf '0032want "+tip+"\\n00000009done\\n' | GIT_PROTOCOL=version=2 SSH_ORIGINAL_COMMAND=\"git-upload-pack 'fleet.git'\" sh "+w.docs+"/fleet-shell web1 fleet.git")
	w.must("printf '%s\\n' '#!/bin/sh' 'export SSH_ORIGINAL_COMMAND=\"git-upload-pack " + w.dir + "/fleet.git\"' 'exec sh " + w.docs + "/fleet-shell web1 " + w.dir + "/fleet.git' >bin/upload && chmod +x bin/upload")
	w.refused("Server does not allow request", "git init -q thief && git -C thief -c protocol.version=2 fetch --upload-pack="+w.dir+"/bin/upload "+w.dir+"/fleet.git "+tip)
	for _, command := range []string{"", "sh", "git-receive-pack", "git-upload-archive '/x'", "git-receive-pack;id '/x'"} {
		w.refused("only git push and git fetch", "SSH_ORIGINAL_COMMAND=\""+command+"\" sh "+w.docs+"/fleet-shell web1 fleet.git")
	}
	w.refused("no name of a host", "SSH_ORIGINAL_COMMAND='git-receive-pack x' sh "+w.docs+"/fleet-shell ../x fleet.git")
}
