package repo

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
)

// attributesFlaw tells what is wrong with the work tree's .gitattributes, "" where it is ours.
func (r *projectionT) attributesFlaw() string {
	b, err := r.root.ReadFile(attributesName, config.MaxSize)
	switch {
	case err != nil:
		return durable.Flaw(err)
	case string(b) != attributes:
		return "is not what timemachine wrote"
	}
	return ""
}

// healAttributes writes .gitattributes again, where the work tree is ours to change and the tip has it as we wrote it.
func (r *projectionT) healAttributes(f *follow) error {
	msg := r.attributesFlaw()
	if msg == "" || r.detached() != "" {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there || !isAttributes(e) {
		return err
	}
	if f.index, err = r.takeIndex(); err != nil {
		return err
	}
	defer f.index.release()
	if !f.index.held() {
		return nil
	}
	r.o.Warn(r.root.Path(attributesName), msg+": it is written again", "")
	return f.run()
}

// attributesIn is what a commit's tree has for .gitattributes.
func (r *projectionT) attributesIn(tip object.ID) (e object.TreeEntry, there bool, err error) {
	root, err := r.treeOf(tip)
	if err != nil {
		return e, false, err
	}
	return object.Lookup(r.store.ReadTree, root, attributesName)
}

func isAttributes(e object.TreeEntry) bool {
	return e.ID == object.Hash(object.Blob, []byte(attributes)) && e.Mode == object.ModeFile
}
