package repo

// Three files tell git how to treat what is ours: .git/info/exclude, so that git status does not show what it does not track;
// .git/info/attributes, so that a checkout changes no byte, whatever other attributes say; and .gitattributes, which is
// tracked, so that none in a clone does. Others may have lines of theirs in the first two. Of attributes the last line that
// speaks of one counts, so ours is the last.

// infoFlaws says what is wrong with the files of .git/info, for verify.
func (r *Repo) infoFlaws() []Finding {
	var found []Finding
	for _, name := range infoFiles {
		if msg := r.infoFlaw(name); msg != "" {
			found = append(found, Finding{Part: PartFile, Path: ".git/info/" + name, Msg: msg, Hint: "the next run sees to it"})
		}
	}
	return found
}
