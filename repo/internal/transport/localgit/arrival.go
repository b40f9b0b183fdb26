package localgit

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/transport/fault"
)

// arrivals is the folder of a repository in which what arrives is prepared. It has a folder for
// each reference, so that locks of killed processes are known by it.
const arrivals = "timemachine-push"

// arrival is a pack on its way into a repository in a folder. While it lasts, no other process
// pushes to the same reference by this package.
type arrival struct {
	r     *Repository
	outer *durable.Dir // arrivals
	stage *durable.Dir
	store *pack.Store
	pack  *durable.File
	size  int64
	perm  fs.FileMode // of new files that others may read as the repository's settings say
}

// Names in the stage.
const (
	stagedPack = "pack"
	stagedIdx  = "idx"
)

func (r *Repository) newArrival(ctx context.Context, name string) (a *arrival, err error) {
	a = &arrival{r: r}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.outer, err = r.git.MakeSub(arrivals); err != nil {
		return a, err
	}
	sum := sha1.Sum([]byte(name))
	if a.stage, err = a.outer.MakeSub(hex.EncodeToString(sum[:8])); err != nil {
		return a, err
	}
	if err := durable.Flock(ctx, a.stage); err != nil {
		return a, err
	}
	if a.store, err = r.store(); err != nil {
		return a, err
	}
	return a, a.begin()
}

// begin makes the file of a pack, and finds out what permissions a new file gets.
func (a *arrival) begin() (err error) {
	// A killed process may have left them.
	if err := errors.Join(a.stage.Remove(stagedPack), a.stage.Remove(stagedIdx)); err != nil {
		return err
	}
	if a.pack, err = a.stage.CreateAs(stagedPack, 0o666); err != nil {
		return err
	}
	st, err := a.pack.Stat()
	if err == nil {
		a.perm = a.r.shared(fs.FileMode(st.Mode) & 0o666)
	}
	return err
}

// close removes what was not placed, and gives up the lock.
func (a *arrival) close() error {
	var err error
	if a.pack != nil {
		err = errors.Join(a.pack.Close(), a.stage.Remove(stagedPack), a.stage.Remove(stagedIdx))
	}
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
	}
	for _, dir := range []*durable.Dir{a.stage, a.outer} {
		if dir != nil {
			err = errors.Join(err, dir.Close())
		}
	}
	return err
}

// receive writes the pack to the stage.
func (a *arrival) receive(ctx context.Context, write func(context.Context, io.Writer) (int64, error)) error {
	most, err := a.r.maxInput()
	if err != nil {
		return err
	}
	w := &bounded{w: a.pack, left: most}
	n, err := write(ctx, w)
	if err == nil && n != w.n {
		err = fault.New(fault.Protocol, fmt.Sprintf("the pack has %d bytes, not %d", w.n, n), nil)
	}
	a.size = n
	return err
}

// maxInput is the largest pack that the repository takes (receive.maxInputSize in git-config(1)); 0
// is no limit.
func (r *Repository) maxInput() (int64, error) {
	value := strings.ToLower(r.config.Get("receive", "maxInputSize"))
	if value == "" {
		return 0, nil
	}
	unit := map[byte]int64{'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30}[value[len(value)-1]]
	if unit > 0 {
		value = value[:len(value)-1]
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, needsGit("its setting receive.maxInputSize is malformed")
	}
	return n * max(unit, 1), nil
}

// bounded refuses more bytes than the repository takes.
type bounded struct {
	w    io.Writer
	n    int64
	left int64 // 0: no limit
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left > 0 && b.n+int64(len(p)) > b.left {
		return 0, fault.New(fault.Rejected, fmt.Sprintf("the pack has over %d bytes, which receive.maxInputSize forbids", b.left), nil)
	}
	n, err := b.w.Write(p)
	b.n += int64(n)
	return n, err
}

// maxObject is the largest object in memory, in bytes.
const maxObject = 1 << 30

// place gives the pack its idx and both their names, and moves the reference.
func (a *arrival) place(ctx context.Context, u Update) error {
	name, count, err := a.index(ctx)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if count > 0 {
		if err := a.publish(name); err != nil {
			return err
		}
	}
	if err := a.store.Reload(); err != nil {
		return err
	}
	if _, err := a.store.ReadCommit(u.New); err != nil {
		return fault.New(fault.Protocol, "the pack lacks the commit", err)
	}
	return a.move(u)
}

// index completes the pack and writes its idx.
func (a *arrival) index(ctx context.Context) (name string, count int, err error) {
	data, err := durable.Map(a.stage.Path(stagedPack), nil)
	if err != nil {
		return "", 0, err
	}
	defer durable.Unmap(data)
	idx, err := a.stage.CreateAs(stagedIdx, 0o666)
	if err != nil {
		return "", 0, err
	}
	sum, err := packwrite.Complete(ctx, a.pack, data, idx, a.store.Read, maxObject)
	for _, f := range []*durable.File{idx, a.pack} {
		if err == nil {
			err = f.Chmod(a.perm & 0o444)
		}
		if err == nil {
			err = f.Sync()
		}
	}
	if cerr := idx.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", 0, err
	}
	return "pack-" + sum.String(), int(binary.BigEndian.Uint32(data[8:])), nil
}

// publish renames the pack and then its idx, in git's order. A pack that is there already stays: a
// killed process has placed the same one.
func (a *arrival) publish(name string) error {
	w := durable.NewWalker(a.r.git)
	defer w.Close()
	dir, err := w.Dir("objects/pack")
	if err != nil {
		return err
	}
	there, err := dir.Exists(name + ".pack")
	if there && err == nil {
		there, err = dir.Exists(name + ".idx")
	}
	if err != nil || there {
		return err
	}
	if err := a.stage.Rename(stagedPack, dir, name+".pack"); err != nil {
		return err
	}
	if err := a.stage.Rename(stagedIdx, dir, name+".idx"); err != nil {
		return err
	}
	return dir.Sync()
}

// move moves the reference.
func (a *arrival) move(u Update) error {
	if err := a.makeFolders(path.Dir(u.Ref)); err != nil {
		return err
	}
	refs := ref.New(a.r.git, a.stage)
	refs.SetPerm(a.perm)
	err := refs.Update(u.Ref, u.Old, u.New, ref.LogEntry{})
	var moved *ref.MovedError
	if errors.As(err, &moved) {
		return fault.New(fault.Rejected, "the branch has moved meanwhile", err)
	}
	return err
}

// makeFolders makes the folders of a reference as git does: open to others as the umask and the
// repository's settings say.
func (a *arrival) makeFolders(name string) error {
	at := a.r.path
	for part := range strings.SplitSeq(name, "/") {
		at = filepath.Join(at, part)
		err := os.Mkdir(at, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil && a.r.sharing() != 0 {
			var st fs.FileInfo
			if st, err = os.Stat(at); err == nil {
				err = os.Chmod(at, a.r.shared(st.Mode().Perm())|fs.ModeSetgid)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sharing is the permissions that core.sharedRepository gives (git-config(1)), 0 for none.
func (r *Repository) sharing() fs.FileMode {
	switch value := strings.ToLower(r.config.Get("core", "sharedRepository")); value {
	case "", "umask", "false", "0", "no", "off":
	case "group", "true", "1", "yes", "on":
		return 0o660
	case "all", "world", "everybody", "2":
		return 0o664
	default:
		if n, err := strconv.ParseUint(value, 8, 32); err == nil && n&0o600 == 0o600 {
			return fs.FileMode(n&0o666) | exact
		}
	}
	return 0
}

// exact tells that the umask does not count beside core.sharedRepository.
const exact = fs.ModeTemporary

// shared is the permissions of a new file or folder that the umask would give perm.
func (r *Repository) shared(perm fs.FileMode) fs.FileMode {
	add := r.sharing()
	if add == 0 {
		return perm
	}
	only := add&exact != 0
	add &= 0o666
	if perm&0o100 != 0 {
		add |= add & 0o444 >> 2
	}
	if only {
		return add
	}
	return perm | add
}
