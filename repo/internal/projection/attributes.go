package projection

import (
	"context"
	"fmt"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// AttributesFlaw tells what is wrong with the work tree's .gitattributes, "" where it is as
// timemachine wrote it.
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

// AttributesFlawAt is AttributesFlaw where tip has the file as timemachine wrote it, else "": the
// file was changed, or removed, by a commit.
func (r *Projection) AttributesFlawAt(tip object.ID) (string, error) {
	flaw := r.AttributesFlaw()
	if flaw == "" {
		return "", nil
	}
	if e, there, err := r.attributesIn(tip); err != nil || !there || !isAttributes(e) {
		return "", err
	}
	return flaw, nil
}

// recoverAttributes writes .gitattributes again, where the work tree is timemachine's to change.
func (r *Projection) recoverAttributes(ctx context.Context, tip object.ID) error {
	flaw, err := r.AttributesFlawAt(tip)
	if err != nil || flaw == "" || r.Index.ForeignWork() != "" {
		return err
	}
	index, err := r.Index.Take()
	if err != nil {
		return err
	}
	defer index.Release()
	if !index.Held() {
		return nil
	}
	r.Opts.Warn(r.Folder.Path(dest.AttributesFile), flaw+": it is written again", refusal.Remedy{})
	u, err := r.newUpdate(ctx, updateJob{Base: tip, Tip: tip, Index: index, Warn: r.Opts.Warn})
	if err != nil {
		return err
	}
	return u.finish()
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

// updateAttributes writes .gitattributes where the tree has it as timemachine wrote it and the work
// tree does not. Another text that was committed is left as it is.
func (u *update) updateAttributes() error {
	flawed, first := u.p.AttributesFlaw() != "", u.Base.IsZero()
	if !flawed && !first {
		// a commit may have removed it, and the run put it back
		if _, before, err := u.p.attributesIn(u.Base); before || err != nil {
			return err
		}
	}
	e, there, err := u.p.attributesIn(u.Tip)
	if err != nil || !there {
		return err
	}
	if !isAttributes(e) {
		if first {
			u.changes = append(u.changes, index.Change{Path: dest.AttributesFile, Mode: uint32(e.Mode), ID: e.ID})
		}
		return nil
	}
	if flawed {
		err = u.writeAttributes()
	}
	// which the index has in any case
	change := index.Change{Path: dest.AttributesFile, Mode: uint32(e.Mode), ID: e.ID}
	if st, lerr := u.p.Folder.Lstat(dest.AttributesFile); err == nil && lerr == nil {
		change.Stat = indexStat(st)
	}
	u.changes = append(u.changes, change)
	return err
}

func (u *update) writeAttributes() error {
	root := u.p.Folder
	if st, err := root.Lstat(dest.AttributesFile); err == nil && !st.IsRegular() {
		aside, err := durable.MoveAside(root, dest.AttributesFile)
		if err != nil {
			return fmt.Errorf("it cannot be moved aside: %w", err)
		}
		u.Warn(root.Path(dest.AttributesFile), "is no regular file, and was moved to "+record.Quote(aside), refusal.Remedy{})
	}
	return root.Replace(dest.AttributesFile, []byte(dest.AttributesText))
}
