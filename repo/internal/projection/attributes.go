package projection

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/refusal"
)

// AttributesFlaw tells what is wrong with the work tree's .gitattributes, "" where it is ours.
func (r *Projection) AttributesFlaw() string {
	b, err := r.Folder.ReadFile(dest.AttributesFile, config.MaxSize)
	switch {
	case err != nil:
		return durable.Flaw(err)
	case string(b) != dest.AttributesText:
		return "is not what timemachine wrote"
	}
	return ""
}

// recoverAttributes writes .gitattributes again, where the work tree is ours to change and the tip
// has it as we wrote it.
func (r *Projection) recoverAttributes(f *Update) error {
	msg := r.AttributesFlaw()
	if msg == "" || r.NotOursNow() != "" {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there || !isAttributes(e) {
		return err
	}
	if f.Index, err = r.TakeIndex(); err != nil {
		return err
	}
	defer f.Index.Release()
	if !f.Index.Held() {
		return nil
	}
	r.Opts.Warn(r.Folder.Path(dest.AttributesFile), msg+": it is written again", refusal.Remedy{})
	return f.run()
}

// attributesIn is what a commit's tree has for .gitattributes.
func (r *Projection) attributesIn(tip object.ID) (e object.TreeEntry, there bool, err error) {
	root, err := r.TreeOf(tip)
	if err != nil {
		return e, false, err
	}
	return object.Lookup(r.Store.ReadTree, root, dest.AttributesFile)
}

func isAttributes(e object.TreeEntry) bool {
	return e.ID == object.Hash(object.Blob, []byte(dest.AttributesText)) && e.Mode == object.ModeFile
}
