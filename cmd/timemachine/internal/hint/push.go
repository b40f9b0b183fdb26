package hint

import (
	"strings"

	"timemachine/repo/refusal"
)

// pushing holds the advice on a remote that cannot be pushed to.
var pushing = adviceTable{
	refusal.AddRemote: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "add it with: ", command: s.Command("init", "-d", ShellWord(r.Dest), "--remote", "URL")}
	},
	refusal.SetRemoteURL: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "give it this one with: ", command: s.Git(r.Dest, "remote", "set-url", ShellWord(r.Remote), "URL")}
	},
	refusal.NameURL: func(Speller, refusal.Remedy) advice {
		return advice{lead: "write the URL in the configuration: push: {remote: URL}"}
	},
	refusal.PushBuiltin: func(Speller, refusal.Remedy) advice {
		return advice{lead: "write with: auto, or with: builtin"}
	},
	refusal.PushWithGit: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "install git, and write push: {remote: " + yamlWord(r.Remote) + ", with: git} in the configuration"}
	},
	refusal.GiveKey: func(_ Speller, r refusal.Remedy) advice {
		words := []string{"ssh-copy-id"}
		return advice{lead: "let it accept the key of the user who runs this; a forge takes the .pub file in its settings, another host this: ",
			command: strings.Join(append(words, sshWords(r)...), " ")}
	},
	refusal.GivePassword: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "write a valid one to ~/.netrc of the user who runs this, with mode 0600: machine " + ShellWord(r.Host) + " login NAME password TOKEN"}
	},
	refusal.TrustHostKey: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "compare its fingerprint with the one that its owner names, and accept it as the user who runs this, with: ", command: connect(r)}
	},
	refusal.ForgetHostKey: func(_ Speller, r refusal.Remedy) advice {
		host := r.Host
		if r.Port != "" && r.Port != "22" {
			host = "[" + r.Host + "]:" + r.Port
		}
		return advice{lead: "if its owner says that this was meant, forget the former key and accept the new one with: ",
			command: "ssh-keygen -R " + ShellWord(host) + " && " + connect(r)}
	},
	refusal.TrustCertificate: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "if the certificate is its own, tell git whom to trust with: ",
			command: "git config --global " + ShellWord("http.https://"+r.Host+".sslCAInfo") + " FILE"}
	},
	refusal.TrustFolder: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "push as its owner, or let git trust it with: ", command: "git config --global --add safe.directory " + ShellWord(r.Path)}
	},
	refusal.AllowPrivate: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "if they may go there, say so in the configuration: push: {remote: " + yamlWord(r.Remote) + ", private: yes}"}
	},
	refusal.ChooseBranch: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing is forced; use a branch of its own, push: {remote: " + yamlWord(r.Remote) + ", branch: hosts/{hostname}}, or another remote"}
	},
	refusal.UseBareRemote: func(Speller, refusal.Remedy) advice {
		return advice{lead: "push to a bare repository: git init --bare makes one"}
	},
	refusal.CorrectURL: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "mount its disk, let this user read it, or correct the URL " + ShellWord(r.Remote)}
	},
	refusal.MakeRepository: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "make the repository there with git init --bare, mount its disk, or correct the URL of " + ShellWord(r.Remote)}
	},
	refusal.PushAgain: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "when that is mended, this tries again: ", command: s.Command("push", ShellWord(r.Remote))}
	},
	refusal.RaiseTimeout: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "give it more time in the configuration: push: {remote: " + yamlWord(r.Remote) + ", timeout: 10m}"}
	},
}

// sshWords name a user at a host to ssh.
func sshWords(r refusal.Remedy) []string {
	var words []string
	if r.Port != "" {
		words = append(words, "-p", ShellWord(r.Port))
	}
	host := r.Host
	if r.User != "" {
		host = r.User + "@" + host
	}
	return append(words, ShellWord(host))
}

// connect is the command that asks to accept a host's key.
func connect(r refusal.Remedy) string {
	return "ssh " + strings.Join(append([]string{"-T"}, sshWords(r)...), " ")
}

// yamlWord is s within a mapping in braces.
func yamlWord(s string) string {
	if s == "" || strings.ContainsAny(s, ",[]{}#'\"\\ &*!|>%@`\t") && !strings.Contains(s, "://") || strings.ContainsAny(s, ",[]{}' ") || strings.HasPrefix(s, "-") {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return s
}
