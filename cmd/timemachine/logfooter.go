package main

import (
	"fmt"
	"io"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
)

// writeFooter says what can be typed next, where it fits into a line.
func (j *logJob) writeFooter(w io.Writer) error {
	a := j.app
	type advice struct{ about, command string }
	var list []advice
	name := hint.ShellWord(j.list.Path)
	switch {
	case j.isFile && j.o.deleted:
	case j.isFile && j.newest.Before != nil && j.newest.Event != record.Deleted && !j.o.patch && !j.o.stat:
		list = append(list, advice{"what changed:", a.spellOn(j.h, "diff", name, fmt.Sprint("@", j.newestBack+1), fmt.Sprint("@", j.newestBack))},
			advice{"bring back:", a.spellOn(j.h, "restore", name, "--at", fmt.Sprint("@", j.newestBack+1))})
	case j.renamedTo != "":
		list = append(list, advice{"since then:", a.spellOn(j.h, "log", hint.ShellWord(j.renamedTo))})
	case j.isFile && j.newest.Event == record.Deleted:
		list = append(list, advice{"bring back:", a.spellOn(j.h, "restore", name)})
	case j.summed:
		list = append(list, advice{"each version:", a.again("--flat", "")})
	}
	text := ""
	for _, l := range list {
		if line := l.about + " " + l.command; terminal.Columns(line) <= j.style.Columns {
			text += line + "\n"
		}
	}
	if text == "" {
		return nil
	}
	_, err := io.WriteString(w, "\n"+text)
	return err
}
