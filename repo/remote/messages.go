package remote

import (
	"slices"
	"strings"
)

// message is a text by which a reason is told, in what git, ssh or a remote say in the C locale.
type message struct {
	text   string
	reason Reason
}

// The messages are searched in order: the first whose text occurs decides. Those that tell more
// come before those that go with them. What a remote says through git can only be among fromRemote,
// so that no hook makes a push look as if another key had to be trusted.
//
// The texts are those of git 2.39 and OpenSSH 9.2, of libcurl with OpenSSL and with GnuTLS, and of
// the forges: GitHub's GH001, GH006, GH013 and its ssh front end (docs.github.com, "Working with
// large files", "About protected branches", "Push protection from the command line"), GitLab's push
// rules and gitlab-shell (docs.gitlab.com, "Troubleshooting Git", "Free push limits"), and Gitea's
// hooks (routers/private/hook_pre_receive.go, cmd/serv.go).
var fromSSH = []message{
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", HostKeyChanged},
	{"Host key verification failed", HostKeyUnknown},
	{"host key is known for", HostKeyUnknown},
	{"Permission denied (", NoLogin},
	{"Too many authentication failures", NoLogin},
	{"Could not resolve hostname", NoName},
	{"cannot run ssh", NoSSH},
}

// fromRemote holds what forges say of a push, and then the words of receive-pack that go with it.
var fromRemote = []message{
	{"GH001: Large files detected", TooLarge},
	{"this exceeds GitHub's file size limit", TooLarge},
	{"which exceed the", TooLarge}, // GitLab: one or more files which exceed the 100MiB limit
	{"larger than the allowed size of", TooLarge},
	{"PUSH PROTECTION", Secrets},
	{"secret_detection", Secrets},
	{"secrets detected", Secrets},
	{"GH006: Protected branch", Protected},
	{"GH013: Repository rule violations", Protected},
	{"protected branch", Protected}, // GitLab, Gitea, and GitHub's reason
	{"Repository not found", NoRepository},
	{"The project you were looking for could not be found", NoRepository},
	{"Cannot find repository", NoRepository},        // Gitea
	{"Permission to ", NoRight},                     // GitHub: Permission to A/B.git denied to C
	{"HTTP Basic: Access denied", NoLogin},          // GitLab
	{"User permission denied for writing", NoRight}, // Gitea
	{"You are not allowed to push code", NoRight},   // GitLab
	{"This deploy key does not have write access", NoRight},
	{"marked as read only", ReadOnly}, // GitHub: The key you are authenticating with has been …
	{"repository was archived", ReadOnly},
	{"repository is archived", ReadOnly},
	{"read-only GitLab instance", ReadOnly},

	// receive-pack.
	{"No space left on device", RemoteFull},
	{"Disk quota exceeded", RemoteFull},
	{"Read-only file system", ReadOnly},
	{"unable to create temporary object directory", ReadOnly},
	{"insufficient permission for adding an object", ReadOnly},
	{"answers 413", TooLarge}, // the built-in way
	{"pack exceeds maximum allowed size", TooLarge},
	{"fsck error in packed object", Malformed},
	{"refusing to update checked out branch", CheckedOut},
	{"branch is currently checked out", CheckedOut},
	{".lock': File exists", RemoteBusy},
	{"failed to lock", RemoteBusy},
	{"; cannot create '", NameClash},
	{"hook declined", Declined},
	{"non-fast-forward", OtherHistory},
	{"fetch first", OtherHistory},
	{"remote unpack failed", Rejected},
	{"[remote rejected]", Rejected},
}

// fromGit holds what git says of http, of the repository and of the network.
var fromGit = []message{
	{"terminal prompts disabled", NoLogin},
	{"Authentication failed for", NoLogin},
	{"requested URL returned error: 401", NoLogin},
	{"requested URL returned error: 403", NoRight},
	{"RPC failed; HTTP 403", NoRight},
	{"from proxy after CONNECT", NoLogin},
	{"requested URL returned error: 413", TooLarge},
	{"HTTP 413", TooLarge},
	{"requested URL returned error: 429", ServerError},
	{"requested URL returned error: 5", ServerError},
	{"RPC failed; HTTP 5", ServerError},
	{"requested URL returned error: 404", NoRepository},
	{"requested URL returned error: 410", NoRepository},
	{"SSL certificate problem", BadCertificate},
	{"server certificate verification failed", BadCertificate},
	{"certificate subject name", BadCertificate},
	{"Could not resolve host", NoName},
	{"Couldn't connect to server", NoListener},
	{"Failed to connect to", NoListener},

	// The repository.
	{"does not appear to be a git repository", NoRepository},
	{"access denied or repository not exported", NoRepository},
	{"no such repository", NoRepository},
	{"is this a git repository?", NoRepository},
	{"' not found", NoRepository},
	{"detected dubious ownership", ForeignFolder},

	// The network.
	{"unable to look up", NoName},
	{"name resolution", NoName},
	{"Connection refused", NoListener},
	{"No route to host", NoRoute},
	{"Network is unreachable", NoRoute},
	{"Connection timed out", NoRoute},
	{"Operation timed out", NoRoute},
	{"Connection reset", Broken},
	{"Connection closed by", Broken},
	{"Broken pipe", Broken},
	{"hung up unexpectedly", Broken},
	{"unexpected disconnect", Broken},
	{"early EOF", Broken},
	{"RPC failed", Broken},
	{"read error", Broken},
}

// noise are lines that tell nothing about the reason.
var noise = []string{"Could not read from remote repository", "Please make sure you have the correct access rights", "and the repository exists.",
	"failed to push some refs to", "hint: ", "Warning: Permanently added", "To "}

// classify tells why git failed, from all that it said.
func (t *Target) classify(lines []string, status string) *Failure {
	var remote, own []string
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "remote:"); ok {
			if rest = strings.TrimSpace(rest); rest != "" {
				remote = append(remote, rest)
			}
		} else if !slices.ContainsFunc(noise, func(n string) bool { return strings.Contains(line, n) }) && strings.TrimSpace(line) != "" {
			own = append(own, strings.TrimSpace(line))
		}
	}
	local := strings.Join(own, "\n")
	for _, part := range []struct {
		messages []message
		text     string
	}{{fromSSH, local}, {fromRemote, strings.Join(append(slices.Clone(lines), status), "\n")}, {fromGit, local}} {
		for _, m := range part.messages {
			if strings.Contains(part.text, m.text) {
				return t.newFailure(m.reason, m.detail(own, status), remote)
			}
		}
	}
	return t.newFailure(Unknown, mostTelling(own), remote)
}

// detail is what a message adds to the words of its reason: the line that it was found in, where
// that is git's own, or git's short reason for a rejection.
func (m message) detail(own []string, status string) string {
	switch m.reason {
	case NoListener, NoName, NoLogin, NoRight, HostKeyChanged, HostKeyUnknown, NoRepository, OtherHistory:
		return ""
	}
	if _, reason, ok := strings.Cut(status, "("); ok {
		return strings.TrimSuffix(reason, ")")
	}
	for _, line := range own {
		if strings.Contains(line, m.text) {
			return line
		}
	}
	return ""
}

// mostTelling is the line that says most: the last one that git calls fatal or an error.
func mostTelling(own []string) string {
	for _, line := range slices.Backward(own) {
		if strings.HasPrefix(line, "fatal: ") || strings.HasPrefix(line, "error: ") {
			return line
		}
	}
	if len(own) > 0 {
		return own[len(own)-1]
	}
	return ""
}
