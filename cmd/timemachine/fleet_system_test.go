//go:build system

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFleetOverSSH sets the server of docs/fleet.md up behind a real sshd, a key for each host with
// fleet-shell as its forced command.
func TestFleetOverSSH(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs an sshd")
	}
	w := newFleetWorld(t, t.TempDir())
	port := startSSHD(w)
	w.must("mkdir new; cp -r " + w.docs + " lib; chmod 755 . lib lib/*; : >keys")
	for _, name := range []string{"web1", "web2"} {
		w.must(fmt.Sprintf(`ssh-keygen -q -t ed25519 -N '' -f %[1]s.key
echo "restrict,command=\"%[2]s/lib/fleet-shell %[1]s %[2]s/fleet.git\" $(cat %[1]s.key.pub)" >>keys`, name, w.dir))
	}
	w.must(fmt.Sprintf(`ssh-keygen -q -t ed25519 -N '' -f admin.key
echo "restrict,command=\"git-upload-pack %[1]s/fleet.git\" $(cat admin.key.pub)" >>keys`, w.dir))
	env := func(host string) string {
		return fmt.Sprintf("GIT_SSH_COMMAND='ssh -F /dev/null -i %[1]s/%[2]s.key -o IdentitiesOnly=yes -o UserKnownHostsFile=%[1]s/known -o BatchMode=yes'", w.dir, host)
	}
	remote := func(string) string { return fmt.Sprintf("ssh://root@127.0.0.1:%d%s/fleet.git", port, w.dir) }
	w.checkShell(env, remote)
	// The administrator's key reads all branches, and pushes nothing.
	w.must(env("admin") + " git clone -q --mirror " + remote("admin") + " all.git; timemachine -cl new -d all.git hosts >all; test $(grep -c hosts/web all) = 2")
	before := w.tip("hosts/web1")
	if out, err := w.sh("date >>etc-web1/shadow; timemachine -cl etc-web1 -d web1; " + env("admin") + " timeout 20 git -C web1 push -q " + remote("admin") + " main:hosts/web1"); err == nil || w.tip("hosts/web1") != before {
		t.Errorf("the administrator's key pushes: %v %s", err, out)
	}
	// So it does without git and without any setting of its own.
	w.must("mkdir -p -m 700 home/.ssh; cp web1.key home/.ssh/id_ed25519; cp known home/.ssh/known_hosts")
	w.must(fmt.Sprintf(`t=$(command -v timemachine); env -i PATH=/nonexistent HOME=%[1]s/home "$t" -cl home -d builtin init --adopt --from %[2]s; diff -r new/files builtin/files; git -C builtin fsck --strict`, w.dir, remote("")))
	// From cron's environment, timemachine pushes to its own branch, and to no other one.
	cron := func(host, branch string) string {
		w.must(fmt.Sprintf("printf 'destination: %[1]s/%[2]s\\nwatch: [%[1]s/etc-%[2]s/shadow]\\npush: {remote: \"%[3]s\", branch: %[4]s, private: yes}\\n' >etc-%[2]s/config.dat; date +%%N >>etc-%[2]s/shadow",
			w.dir, host, remote(host), branch))
		return fmt.Sprintf("env -i PATH=$PATH HOME=%s %s timemachine -cl etc-%s ", w.dir, env(host), host)
	}
	w.must(cron("web1", "hosts/web1") + "run")
	if got, want := w.tip("hosts/web1"), w.must("git -C web1 rev-parse main"); got != want {
		t.Errorf("the branch is at %s, not %s", got, want)
	}
	w.refused("branch hosts/web2: ", cron("web1", "hosts/web2")+"push")
	w.refused("web1 is served the repository "+w.dir+"/fleet.git only", env("web1")+" git ls-remote "+remote("web1")+"2")
	w.refused("only git push and git fetch", fmt.Sprintf("%s; $GIT_SSH_COMMAND -p %d root@127.0.0.1 id", env("web1"), port))
	w.refused("only git push and git fetch", fmt.Sprintf("%s; $GIT_SSH_COMMAND -p %d -o SendEnv=FLEET_HOST root@127.0.0.1", env("web1"), port))
}

// startSSHD runs an sshd on loopback that takes the keys in the file keys, and returns its port. A
// login has an empty home, so that its shell reads no profile of this machine's.
func startSSHD(w *fleetWorld) (port int) {
	w.t.Helper()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		w.t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	port = free.Addr().(*net.TCPAddr).Port
	free.Close()
	w.must(fmt.Sprintf(`ssh-keygen -q -t ed25519 -N '' -f hostkey
echo "[127.0.0.1]:%[1]d $(cut -d' ' -f1,2 hostkey.pub)" >known
printf '%%s\n' 'ListenAddress 127.0.0.1:%[1]d' 'HostKey %[2]s/hostkey' 'AuthorizedKeysFile %[2]s/keys' 'PidFile none' 'StrictModes no' 'UsePAM no' 'PasswordAuthentication no' 'PermitRootLogin prohibit-password' 'AcceptEnv LC_* GIT_PROTOCOL' 'SetEnv HOME=%[3]s' >sshd.conf`,
		port, w.dir, w.t.TempDir()))
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(w.dir, "sshd.conf"))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		w.t.Skip("no sshd:", err)
	}
	w.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 600 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			return port
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatalf("sshd does not answer: %s", said.String())
	return 0
}
