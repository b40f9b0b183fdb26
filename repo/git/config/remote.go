package config

import "strings"

// HasRemote tells whether the configuration has a remote of that name.
func (c File) HasRemote(name string) bool {
	return c.Raw.Section("remote").HasSubsection(name) && len(c.remote(name, "url"))+len(c.remote(name, "pushurl")) > 0
}

// Remotes lists the names of the remotes.
func (c File) Remotes() (names []string) {
	for _, s := range c.Raw.Section("remote").Subsections {
		if c.HasRemote(s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// PushURLs are the addresses that git pushes to for the name of a remote, or for a URL, as far as
// this file says, by git-config(1): pushurl comes before url, and url.BASE.pushInsteadOf and
// insteadOf replace the beginning of an address.
func (c File) PushURLs(remote string) []string {
	urls, pushes := []string{remote}, []string(nil)
	if c.HasRemote(remote) {
		urls, pushes = c.remote(remote, "url"), c.remote(remote, "pushurl")
	}
	var list []string
	for _, u := range pushes {
		rewritten, _ := c.rewrite(u, "insteadof")
		list = append(list, rewritten)
	}
	if len(list) > 0 {
		return list
	}
	for _, u := range urls {
		rewritten, ok := c.rewrite(u, "pushinsteadof")
		if !ok {
			rewritten, _ = c.rewrite(u, "insteadof")
		}
		list = append(list, rewritten)
	}
	return list
}

// remote is the list of values of a key of a remote. As in git, an empty one drops those before.
func (c File) remote(name, key string) (values []string) {
	for _, v := range c.Raw.Section("remote").Subsection(name).Options.GetAll(key) {
		if values = append(values, v); v == "" {
			values = nil
		}
	}
	return values
}

// rewrite replaces the longest beginning of a URL that a key of the sections url names.
func (c File) rewrite(url, key string) (rewritten string, ok bool) {
	longest := 0
	rewritten = url
	for _, s := range c.Raw.Section("url").Subsections {
		for _, begin := range s.Options.GetAll(key) {
			if rest, fits := strings.CutPrefix(url, begin); fits && len(begin) > longest {
				longest, rewritten, ok = len(begin), s.Name+rest, true
			}
		}
	}
	return rewritten, ok
}
