package repo

import (
	"errors"
	"io/fs"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

type notesT struct {
	own *durable.Dir // DEST/.git/timemachine
	o   Options
}

// ownFiles is what of ours under .git the history does without, and what it costs when one is lost.
var ownFiles = []struct{ name, loss string }{
	{packsFile, "packs that are there now are no longer merged by timemachine; git gc does it"},
	{"pending", "files/ and the index are compared with the whole history once"},
	{followedName, "files/ and copies/ are written again where that may not be on disk"},
	{"cache", "every watched file is read again once"},
	{owedName, "copies that were left out for want of room are written by copies rebuild alone"},
	{checkedName, "the newest commit is read again"},
	{ranFile, "when the last run was is not known"},
	{goodFile, "when the last good run was is not known"},
}

// setAsideStrange moves away what has the place of a file of ours and is no regular file. It is not ours, so it is not
// removed; the file is made again.
func (r *notesT) setAsideStrange() error {
	for _, own := range ownFiles {
		st, err := r.own.Lstat(own.name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && st.IsRegular() {
			continue
		}
		if err != nil {
			return err
		}
		aside, err := durable.MoveAside(r.own, own.name)
		if err == nil && own.name == "pending" { // it may have said that there is work left
			err = r.own.Replace("pending", []byte(object.ID{}.String()+"\n"))
		}
		if err != nil {
			return err
		}
		r.o.Warn(r.own.Path(own.name), "is no regular file, and was moved to "+record.Quote(aside), own.loss)
	}
	return nil
}
