package remote

import (
	"slices"
	"strings"
	"testing"
)

const noRead = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`

// rejection is what git prints of a push that the remote rejects, and its porcelain summary.
func rejection(said, reason string) (stderr, status string) {
	return said + "error: failed to push some refs to 'ssh://git@example.org/a.git'\n", "[remote rejected] (" + reason + ")"
}

// said are texts as they were printed: by git 2.39.5, OpenSSH 9.2p1, libcurl 7.88 with GnuTLS and
// with OpenSSL, receive-pack, lighttpd with git http-backend, and by forges as their users quote
// them. Each message of the tables occurs in one, and decides there.
var said = []struct {
	message string // of the tables
	stderr  string
	status  string // of --porcelain
	reason  Reason
}{
	// OpenSSH, with BatchMode.
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Add correct host key in /root/.ssh/known_hosts to get rid of this message.
Offending ECDSA key in /root/.ssh/known_hosts:2
  remove with:
  ssh-keygen -f "/root/.ssh/known_hosts" -R "[127.0.0.1]:2222"
Host key for [127.0.0.1]:2222 has changed and you have requested strict checking.
Host key verification failed.
` + noRead, "", HostKeyChanged},
	{"Host key verification failed", "Host key verification failed.\n" + noRead, "", HostKeyUnknown},
	{"host key is known for", "No ED25519 host key is known for [127.0.0.1]:2222 and you have requested strict checking.\n" + noRead, "", HostKeyUnknown},
	{"Permission denied (", "root@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).\n" + noRead, "", NoLogin},
	{"Too many authentication failures", "Received disconnect from 127.0.0.1 port 2222:2: Too many authentication failures\nDisconnected from 127.0.0.1 port 2222\n" + noRead, "", NoLogin},
	{"Could not resolve hostname", "ssh: Could not resolve hostname no-such-host.invalid: Name or service not known\n" + noRead, "", NoName},
	{"cannot run ssh", "error: cannot run ssh: No such file or directory\nfatal: unable to fork\n", "", NoSSH},
	{"Connection refused", "ssh: connect to host 127.0.0.1 port 2223: Connection refused\n" + noRead, "", NoListener},
	{"Connection timed out", "ssh: connect to host 192.0.2.1 port 22: Connection timed out\n" + noRead, "", NoRoute},
	{"Operation timed out", "ssh: connect to host 192.0.2.1 port 22: Operation timed out\n" + noRead, "", NoRoute},
	{"No route to host", "ssh: connect to host 192.0.2.1 port 22: No route to host\n" + noRead, "", NoRoute},
	{"Network is unreachable", "ssh: connect to host 2001:db8::1 port 22: Network is unreachable\n" + noRead, "", NoRoute},
	{"Connection reset", "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 127.0.0.1 port 8090\n" + noRead, "", Broken},
	{"Connection closed by", "kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.0.1 port 8090\n" + noRead, "", Broken},
	{"Broken pipe", "client_loop: send disconnect: Broken pipe\nfatal: sha1 file '<stdout>' write error: Broken pipe\nerror: failed to push some refs to 'x'\n", "", Broken},
	{"hung up unexpectedly", "send-pack: something\nfatal: the remote end hung up unexpectedly\nerror: failed to push some refs to 'x'\n", "", Broken},
	{"unexpected disconnect", "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end did something\n", "", Broken},
	{"early EOF", "fatal: early EOF\n", "", Broken},

	// git:// and git daemon.
	{"unable to look up", "fatal: unable to look up no-such-host.invalid (port 9418) (Name or service not known)\n", "", NoName},
	{"name resolution", "fatal: unable to find host x.invalid (port 9418) (Temporary failure in name resolution)\n", "", NoName},
	{"access denied or repository not exported", "fatal: remote error: access denied or repository not exported: /none.git\n", "", NoRepository},
	{"no such repository", "fatal: remote error: no such repository: /none.git\n", "", NoRepository},
	{"read error", "fatal: read error: Something\n", "", Broken},
	{"does not appear to be a git repository", "fatal: '/nonexistent/x.git' does not appear to be a git repository\n" + noRead, "", NoRepository},
	{"detected dubious ownership", "fatal: detected dubious ownership in repository at '/srv/own.git'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /srv/own.git\n" + noRead, "", ForeignFolder},

	// http.
	{"terminal prompts disabled", "fatal: could not read Username for 'http://127.0.0.1:8088': terminal prompts disabled\n", "", NoLogin},
	{"Authentication failed for", "fatal: Authentication failed for 'http://127.0.0.1:8088/auth/ok.git/'\n", "", NoLogin},
	{"Authentication failed for", "remote: Support for password authentication was removed on August 13, 2021.\nremote: Please see https://docs.github.com/get-started\nfatal: Authentication failed for 'https://github.com/a/b.git/'\n", "", NoLogin},
	{"HTTP Basic: Access denied", "remote: HTTP Basic: Access denied. The provided password or token is incorrect or your account has 2FA enabled.\nfatal: Authentication failed for 'https://gitlab.com/a/b.git/'\n", "", NoLogin},
	{"requested URL returned error: 401", "fatal: unable to access 'http://127.0.0.1:8089/401/x.git/': The requested URL returned error: 401\n", "", NoLogin},
	{"requested URL returned error: 403", "fatal: unable to access 'http://127.0.0.1:8088/forbid/ok.git/': The requested URL returned error: 403\n", "", NoRight},
	{"from proxy after CONNECT", "fatal: unable to access 'https://example.org/x.git/': Received HTTP code 407 from proxy after CONNECT\n", "", NoLogin},
	{"requested URL returned error: 404", "fatal: unable to access 'http://127.0.0.1:8089/404/x.git/': The requested URL returned error: 404\n", "", NoRepository},
	{"requested URL returned error: 410", "fatal: unable to access 'http://127.0.0.1:8089/410/x.git/': The requested URL returned error: 410\n", "", NoRepository},
	{"requested URL returned error: 413", "fatal: unable to access 'http://127.0.0.1:8089/413/x.git/': The requested URL returned error: 413\n", "", TooLarge},
	{"HTTP 413", "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\n", "", TooLarge},
	{"requested URL returned error: 429", "fatal: unable to access 'http://127.0.0.1:8089/429/x.git/': The requested URL returned error: 429\n", "", ServerError},
	{"requested URL returned error: 5", "fatal: unable to access 'http://127.0.0.1:8089/503/x.git/': The requested URL returned error: 503\n", "", ServerError},
	{"RPC failed; HTTP 403", "error: RPC failed; HTTP 403 curl 22 something\nfatal: the remote end hung up unexpectedly\n", "", NoRight},
	{"RPC failed; HTTP 5", "error: RPC failed; HTTP 500 curl 22 something\nfatal: the remote end hung up unexpectedly\n", "", ServerError},
	{"RPC failed", "error: RPC failed; curl 18 transfer closed with outstanding read data remaining\n", "", Broken},
	{"' not found", "fatal: repository 'http://127.0.0.1:8088/git/none.git/' not found\n", "", NoRepository},
	{"is this a git repository?", "fatal: http://127.0.0.1:8089/200/x.git/info/refs not valid: is this a git repository?\n", "", NoRepository},
	{"Couldn't connect to server", "fatal: unable to access 'http://127.0.0.1:2225/x.git/': Failed to connect to 127.0.0.1 port 2225 after 0 ms: Couldn't connect to server\n", "", NoListener},
	{"Failed to connect to", "fatal: unable to access 'http://127.0.0.1:2225/x.git/': Failed to connect to 127.0.0.1 port 2225: Something\n", "", NoListener},
	{"Could not resolve host", "fatal: unable to access 'http://no-such-host.invalid/x.git/': Could not resolve host: no-such-host.invalid\n", "", NoName},
	{"SSL certificate problem", "fatal: unable to access 'https://expired.example/': SSL certificate problem: certificate has expired\n", "", BadCertificate},
	{"server certificate verification failed", "fatal: unable to access 'https://127.0.0.1/': server certificate verification failed. CAfile: none CRLfile: none\n", "", BadCertificate},
	{"certificate subject name", "fatal: unable to access 'https://a.example/': SSL: certificate subject name 'b.example' does not match target host name 'a.example'\n", "", BadCertificate},

	// receive-pack.
	reject("No space left on device", "remote: fatal: unable to write loose object file: No space left on device        \nerror: remote unpack failed: unpack-objects abnormal exit\n", "unpacker error", RemoteFull),
	reject("Disk quota exceeded", "remote: fatal: write error: Disk quota exceeded        \nerror: remote unpack failed: index-pack abnormal exit\n", "unpacker error", RemoteFull),
	reject("Read-only file system", "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/srv/a.git/refs/heads/main.lock': Read-only file system        \n", "failed to update ref", ReadOnly),
	reject("unable to create temporary object directory", "error: remote unpack failed: unable to create temporary object directory\n", "unpacker error", ReadOnly),
	reject("insufficient permission for adding an object", "remote: error: insufficient permission for adding an object to repository database ./objects        \nremote: fatal: failed to write object        \nerror: remote unpack failed: unpack-objects abnormal exit\n", "unpacker error", ReadOnly),
	reject("answers 413", "the server answers 413 Request Entity Too Large\n", "the server answers 413 Request Entity Too Large", TooLarge),
	reject("pack exceeds maximum allowed size", "remote: fatal: pack exceeds maximum allowed size        \nerror: remote unpack failed: unpack-objects abnormal exit\n", "unpacker error", TooLarge),
	reject("fsck error in packed object", "remote: error: object 249ef4cb87c05e6dd46f7cb53d3120daa7305222: hasDotgit: contains '.git'        \nremote: fatal: fsck error in packed object        \nerror: remote unpack failed: unpack-objects abnormal exit\n", "unpacker error", Malformed),
	reject("refusing to update checked out branch", "remote: error: refusing to update checked out branch: refs/heads/main        \nremote: error: By default, updating the current branch in a non-bare repository        \n", "no reason", CheckedOut),
	reject("branch is currently checked out", "", "branch is currently checked out", CheckedOut),
	reject(".lock': File exists", "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/srv/lock.git/./refs/heads/main.lock': File exists.        \nremote: \nremote: Another git process seems to be running in this repository, e.g.        \n", "failed to update ref", RemoteBusy),
	reject("failed to lock", "", "failed to lock", RemoteBusy),
	reject("; cannot create '", "remote: error: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'        \n", "failed to update ref", NameClash),
	reject("hook declined", "remote: \x1b[31mred\x1b[0m no        \n", "pre-receive hook declined", Declined),
	reject("hook declined", "remote: not today        \nremote: error: hook declined to update refs/heads/main        \n", "hook declined", Declined),
	{"non-fast-forward", "error: failed to push some refs to '/srv/nff.git'\nhint: Updates were rejected because the tip of your current branch is behind\n", "[rejected] (non-fast-forward)", OtherHistory},
	{"fetch first", "error: failed to push some refs to '/srv/nff.git'\nhint: Updates were rejected because the remote contains work that you do\n", "[rejected] (fetch first)", OtherHistory},
	reject("remote unpack failed", "error: remote unpack failed: index-pack abnormal exit\n", "unpacker error", Rejected),
	reject("[remote rejected]", "", "deny updating a hidden ref", Rejected),

	// GitHub: git-lfs/git-lfs#4491, yshavit/mdq#255, foundry-rs/block-explorers#110,
	// abapGit/abapGit#2791, mmistakes/minimal-mistakes#1894,
	// firstcontributions/first-contributions#71331, mindsphere/vfc-examples#3.
	reject("GH001: Large files detected", "remote: error: Trace: 4d8e35248ebbf5e8e2ea71623e57e0b8fd5ffa09c0dff8db962e59d51823aad6        \nremote: error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com.        \n", "pre-receive hook declined", TooLarge),
	reject("this exceeds GitHub's file size limit", "remote: error: File exports/abc/def.mov is 117.80 MB; this exceeds GitHub's file size limit of 100.00 MB        \n", "pre-receive hook declined", TooLarge),
	reject("GH006: Protected branch", "remote: error: GH006: Protected branch update failed for refs/heads/main.        \nremote: error: Changes must be made through a pull request.        \n", "declined", Protected),
	reject("protected branch", "", "protected branch hook declined", Protected),
	reject("GH013: Repository rule violations", "remote: error: GH013: Repository rule violations found for refs/heads/main.        \nremote: Review all repository rules at https://github.com/a/b/rules?ref=refs%2Fheads%2Fmain        \nremote: - Changes must be made through a pull request.        \n", "push declined due to repository rule violations", Protected),
	reject("PUSH PROTECTION", "remote: error: GH013: Repository rule violations found for refs/heads/main.        \nremote: - GITHUB PUSH PROTECTION        \nremote:        - commit: 8728dbe67        \nremote:          path: files/etc/token:4        \n", "push declined due to repository rule violations", Secrets),
	{"Permission to ", "remote: Permission to a/b.git denied to c.\nfatal: unable to access 'https://github.com/a/b.git/': The requested URL returned error: 403\n", "", NoRight},
	{"Permission to ", "ERROR: Permission to a/b.git denied to c.\n" + noRead, "", NoRight},
	{"Repository not found", "ERROR: Repository not found.\n" + noRead, "", NoRepository},
	{"marked as read only", "ERROR: The key you are authenticating with has been marked as read only.\n" + noRead, "", ReadOnly},
	{"repository was archived", "ERROR: This repository was archived so it is read-only.\n" + noRead, "", ReadOnly},

	// GitLab: docs.gitlab.com "Free push limits" and "Troubleshooting Git",
	// gitlabhq/gitlabhq#10405.
	reject("which exceed the", "remote: GitLab: You are attempting to check in one or more files which exceed the 100MiB limit:        \nremote: - 257cc5642cb1a054f08cc83f2d943e56fd3ebe99 (123 MiB)        \n", "pre-receive hook declined", TooLarge),
	reject("larger than the allowed size of", "remote: GitLab: File \"files/a\" is larger than the allowed size of 100 MiB. Use Git LFS to manage this file.        \n", "pre-receive hook declined", TooLarge),
	reject("secrets detected", "remote: PUSH BLOCKED: Secrets detected in code changes\nremote: secrets detected        \n", "pre-receive hook declined", Secrets),
	reject("secret_detection", "remote: To skip it: -o secret_push_protection.skip_all, or secret_detection        \n", "pre-receive hook declined", Secrets),
	reject("protected branch", "remote: GitLab: You are not allowed to push code to protected branches on this project.        \n", "pre-receive hook declined", Protected),
	reject("You are not allowed to push code", "remote: GitLab: You are not allowed to push code to this project.        \n", "pre-receive hook declined", NoRight),
	{"The project you were looking for could not be found", "remote: ========================================================================\nremote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\n" + noRead, "", NoRepository},
	{"This deploy key does not have write access", "remote: ERROR: This deploy key does not have write access to this project.\n" + noRead, "", NoRight},
	{"read-only GitLab instance", "remote: You can't push code to a read-only GitLab instance.\n" + noRead, "", ReadOnly},

	// Gitea: go-gitea/gitea#31525, its cmd/serv.go and its hooks.
	reject("protected branch", "remote: Gitea: Not allowed to push to protected branch main        \n", "pre-receive hook declined", Protected),
	reject("User permission denied for writing", "remote: \nremote: Gitea: User permission denied for writing.        \n", "pre-receive hook declined", NoRight),
	{"Cannot find repository", "Gitea: Cannot find repository: a/b\n" + noRead, "", NoRepository},
	reject("repository is archived", "remote: Gitea: repository is archived        \n", "pre-receive hook declined", ReadOnly),
}

type saying = struct {
	message string
	stderr  string
	status  string
	reason  Reason
}

func reject(message, text, reason string, r Reason) saying {
	stderr, status := rejection(text, reason)
	return saying{message, stderr, status, r}
}

func sampleTarget(url string) *Target {
	return &Target{Name: "origin", Ref: "refs/heads/main", address: parseAddress(url)}
}

// TestMessages: each text is classified, and each message of the tables decides one.
func TestMessages(t *testing.T) {
	decided := map[string]bool{}
	for _, s := range said {
		lines := strings.Split(s.stderr, "\n")
		f := sampleTarget("ssh://git@example.org/a.git").classify(lines, s.status)
		if f.Reason != s.reason {
			t.Errorf("reason %d (%s), want %d for\n%s%s", f.Reason, f.Msg, s.reason, s.stderr, s.status)
		}
		if reasons[f.Reason].class == "" || strings.ContainsAny(f.Msg, "\n") {
			t.Errorf("%q", f.Msg)
		}
		for _, line := range f.Lines {
			if strings.HasPrefix(line, "remote:") || line == "" || strings.HasSuffix(line, " ") {
				t.Errorf("line %q", line)
			}
		}
		if !strings.Contains(s.stderr+s.status, s.message) {
			t.Errorf("%q is not in\n%s", s.message, s.stderr)
		}
		decided[s.message] = true
	}
	for _, m := range slices.Concat(fromSSH, fromRemote, fromGit) {
		if !decided[m.text] {
			t.Errorf("no sample for %q", m.text)
		}
		delete(decided, m.text)
	}
	for text := range decided {
		t.Errorf("%q is no message", text)
	}
}

// TestHooksChooseNoKey: what a remote says through git cannot make a push look as if another host
// key had to be accepted, or a user's key be given to anybody.
func TestHooksChooseNoKey(t *testing.T) {
	for _, m := range slices.Concat(fromSSH, fromGit) {
		stderr, status := rejection("remote: "+m.text+"\n", "pre-receive hook declined")
		f := sampleTarget("ssh://git@example.org/a.git").classify(strings.Split(stderr, "\n"), status)
		if c := f.Class(); c == Waiting && m.reason != NoLogin && m.reason != NoRight {
			t.Errorf("%q makes it %s", m.text, f.Msg)
		}
		if f.Reason == HostKeyChanged || f.Reason == HostKeyUnknown {
			t.Errorf("%q makes it %s", m.text, f.Msg)
		}
	}
}

// TestLinesAreBounded: a remote's endless lines are cut.
func TestLinesAreBounded(t *testing.T) {
	lines := []string{"remote: " + strings.Repeat("x", 1<<20)}
	for range 1000 {
		lines = append(lines, "remote: line")
	}
	f := sampleTarget("/srv/a.git").classify(append(lines, "fatal: "+strings.Repeat("y", 1<<20)), "")
	if n := len(strings.Join(f.Lines, "")) + len(f.Msg); n > 2000 || len(f.Lines) != maxLines+1 {
		t.Errorf("%d bytes in %d lines", n, len(f.Lines))
	}
}

// TestNoPasswordIsShown: in no message, line or name of a remote.
func TestNoPasswordIsShown(t *testing.T) {
	for url, shown := range map[string]string{
		"https://user:geheim@host/a.git":          "https://host/a.git",
		"https://user:geheim@host:8443/a.git":     "https://host:8443/a.git",
		"https://geheim@github.com/a/b":           "https://github.com/a/b",
		"http://user:geh%65im%40x@[::1]:80/a":     "http://[::1]:80/a",
		"https://host/a.git?private_token=geheim": "https://host/a.git",
		"https://user:geheim@x@host/a.git":        "https://host/a.git",
		"ssh://git:geheim@host/a.git":             "ssh://git@host/a.git",
		"ssh://git@host:22/a.git":                 "ssh://git@host:22/a.git",
		"git:geheim@host:a.git":                   "git:geheim@host:a.git",
		"git@host:a.git":                          "git@host:a.git",
		"git://host/a.git":                        "git://host/a.git",
		"ftp://user:geheim@host/a.git":            "ftp://user@host/a.git",
		"/srv/a:b@c.git":                          "/srv/a:b@c.git",
		"./a:b":                                   "./a:b",
		"file:///srv/a.git":                       "file:///srv/a.git",
	} {
		target := sampleTarget(url)
		if got := target.URL(); got != shown {
			t.Errorf("%s is shown as %s, want %s", url, got, shown)
		}
		if !strings.Contains(url, "geheim") || strings.Contains(url, "@x@") || !strings.Contains(url, "://") {
			continue
		}
		plain := strings.NewReplacer("%65", "e", "%40", "@").Replace(url)
		f := target.classify([]string{"remote: " + url, "remote: your password " + "geheim is old", "fatal: unable to access '" + url + "': no, " + plain}, "")
		if text := f.Msg + strings.Join(f.Lines, "\n"); strings.Contains(text, "geheim") || strings.Contains(text, "geh%65im") {
			t.Errorf("%s: %s", url, text)
		}
	}
}
