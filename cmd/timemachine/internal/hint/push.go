package hint

import (
	"strconv"
	"strings"

	"timemachine/repo/refusal"
	"timemachine/watch/config"
)

// Push is what hints about a remote need to know of the push.
type Push struct {
	Place    []string    // the words of a command that find the configuration and the destination
	ByHand   bool        // a command names the remote, which is not the configured one
	Settings config.Push // as the configuration has them, or would
}

// pushing holds the advice on a remote that cannot be pushed to.
var pushing = adviceTable{
	refusal.AddRemote: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "add it with: ", command: s.Git(r.Dest, "remote", "add", ShellWord(r.Remote), "URL"),
			tail: "; a URL, or a path with a / in it, can stand in its place"}
	},
	refusal.SetRemoteURL: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "give it this one with: ", command: s.Git(r.Dest, "remote", "set-url", ShellWord(r.Remote), "URL")}
	},
	refusal.NameURL: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "write the URL in the configuration: " + s.setting(r, func(p *config.Push) { p.Remote = "URL" })}
	},
	refusal.PushBuiltin: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "write it with: auto, or with: builtin: "+s.setting(r, func(p *config.Push) { p.With = config.PushBuiltin }), "")
	},
	refusal.PushWithGit: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "install git, and write in the configuration: "+s.setting(r, func(p *config.Push) { p.With = config.PushGit }), "")
	},
	refusal.GiveKey: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "let it accept the key of the user who runs this; a forge takes the .pub file in its settings, another host this: ",
			"ssh-copy-id "+strings.Join(sshWords(r), " "))
	},
	refusal.GivePassword: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "write a valid one, of a login that may push there, to ~/.netrc of the user who runs this, with mode 0600: machine "+
			ShellWord(r.Host)+" login NAME password TOKEN", "")
	},
	refusal.GrantPush: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "let this login push there (at a forge: the member's role, the token's scope or the deploy key's write access), or use another one", "")
	},
	refusal.TrustHostKey: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "compare its fingerprint with the one that its owner names, and accept it as the user who runs this, with: ", connect(r))
	},
	refusal.ForgetHostKey: func(s Speller, r refusal.Remedy) advice {
		host := r.Host
		if r.Port != "" && r.Port != "22" {
			host = "[" + r.Host + "]:" + r.Port
		}
		return s.then(r, "if its owner says that this was meant, forget the former key and accept the new one with: ",
			"ssh-keygen -R "+ShellWord(host)+" && "+connect(r))
	},
	refusal.TrustCertificate: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "if the certificate is its own, tell git whom to trust with: ",
			"git config --global "+ShellWord("http.https://"+r.Host+".sslCAInfo")+" FILE")
	},
	refusal.TrustFolder: func(s Speller, r refusal.Remedy) advice {
		if s.User == 0 {
			return s.then(r, "push as its owner, or make the repository root's: git as root would run the hooks of that owner", "")
		}
		return s.then(r, "push as its owner; or, if you trust that owner, whose hooks git then runs as you, with: ", "git config --global --add safe.directory "+ShellWord(r.Path))
	},
	refusal.AllowPrivate: func(s Speller, r refusal.Remedy) advice {
		a := advice{lead: "if they may go there, say so in the configuration: " + s.setting(r, func(p *config.Push) { p.Private = true })}
		if r.Branch != "" {
			a.lead += "; or of this branch there alone, now and later: "
			a.command = s.push(r, "--private")
		}
		return a
	},
	refusal.ChooseBranch: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "nothing is forced; use another remote, or a branch of its own: "+s.setting(r, func(p *config.Push) { p.Branch = otherBranch(r.Branch) }), "")
	},
	refusal.UseBareRemote: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "push to a bare repository: git init --bare -b main makes one", "")
	},
	refusal.CorrectURL: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "mount its disk, let this user read it, or correct the URL " + ShellWord(r.Remote)}
	},
	refusal.MakeRepository: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "make the repository there with git init --bare -b main, mount its disk, or correct the URL of "+ShellWord(r.Remote), "")
	},
	refusal.TakeOut: func(s Speller, r refusal.Remedy) advice {
		return s.then(r, "raise its limit there, or take the file out of the history as docs/push.md tells", "")
	},
	refusal.PushAgain: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "when that is mended, this tries again: ", command: s.push(r)}
	},
	refusal.RaiseTimeout: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "give it more time in the configuration: " + s.setting(r, func(p *config.Push) { p.Timeout *= 10 })}
	},
}

// then is advice that ends with the command that pushes again. A fetch has no branch of a remote:
// nothing is to be pushed.
func (s Speller) then(r refusal.Remedy, lead, command string) advice {
	if r.Branch == "" {
		return advice{lead: lead, command: command}
	}
	return advice{lead: lead, command: command, tail: "; then: " + s.push(r)}
}

// Operand is a word for a shell that the command line takes for no flag, after -- where it looks
// like one.
func Operand(word string) []string {
	if strings.HasPrefix(word, "-") {
		return []string{"--", ShellWord(word)}
	}
	return []string{ShellWord(word)}
}

// push is the command that pushes again, from any folder, with flags.
func (s Speller) push(r refusal.Remedy, flags ...string) string {
	words := []string{"push"}
	p := s.Push
	if p == nil {
		p = &Push{ByHand: true}
	}
	words = append(append(words, p.Place...), flags...)
	if p.ByHand {
		words = append(words, Operand(r.Remote)...)
	}
	return s.Command(words...)
}

// otherBranch is a branch of a host's own that is another one than a remote has refused: that name
// can be taken there, and so can the first part of it.
func otherBranch(refused string) string {
	const first, second = "hosts/{hostname}", "timemachine-{hostname}"
	refused = strings.TrimPrefix(refused, "refs/heads/")
	rest, again := strings.CutPrefix(refused, "timemachine-")
	switch {
	case again:
		n, err := strconv.Atoi(rest[strings.LastIndexByte(rest, '-')+1:])
		if err != nil || n < 1 {
			n = 1
		}
		return second + "-" + strconv.Itoa(n+1)
	case refused == "hosts" || strings.HasPrefix(refused, "hosts/"):
		return second
	}
	return first
}

// setting is the line of the configuration with one key changed. It shows no password.
func (s Speller) setting(r refusal.Remedy, change func(*config.Push)) string {
	p := config.Push{Remote: r.Remote, Timeout: config.DefaultPushTimeout}
	if s.Push != nil {
		p = s.Push.Settings
	}
	if p.Remote == "" || strings.ContainsAny(p.Remote, "@?") {
		p.Remote = r.Remote
	}
	change(&p)
	p.Timeout = min(p.Timeout, config.LongestPushTimeout)
	return s.Spelled.Add(p.Line())
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
