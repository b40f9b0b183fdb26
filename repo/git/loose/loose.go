// Package loose reads loose objects: zlib streams in a file of their own.
//
// Layout, from git's Documentation/gitformat-loose and gitrepository-layout(5): the file is
// objects/XX/YYYY…, the name's first two and other 38 hexadecimal digits. The stream holds the kind
// as a word, a space, the size in decimal digits, a NUL, and the object's bytes.
package loose

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
)

// Object is an open loose object, after its header.
type Object struct {
	file *os.File
	z    io.ReadCloser
	Kind object.Kind
	Size int64
}

// Path is the file of an object in an objects folder.
func Path(objects string, id object.ID) string {
	name := id.String()
	return filepath.Join(objects, name[:2], name[2:])
}

// Files lists the files of an objects folder whose names are those of loose objects.
func Files(objects string) ([]string, error) {
	folders, err := os.ReadDir(objects)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range folders {
		if len(f.Name()) != 2 || !f.IsDir() {
			continue
		}
		names, err := os.ReadDir(filepath.Join(objects, f.Name()))
		if errors.Is(err, fs.ErrNotExist) { // a gc removes folders
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if _, err := object.ParseID(f.Name() + n.Name()); err == nil {
				files = append(files, filepath.Join(objects, f.Name(), n.Name()))
			}
		}
	}
	return files, nil
}

// FileID is the name of the object that a file's path stands for. It is an error where the path is
// not that of a loose object.
func FileID(file string) (object.ID, error) {
	return object.ParseID(filepath.Base(filepath.Dir(file)) + filepath.Base(file))
}

// Between lists the loose objects from lo to hi, in no order. lo and hi begin with the same byte.
func Between(objects string, lo, hi object.ID) ([]object.ID, error) {
	first := hex.EncodeToString(lo[:1])
	files, err := os.ReadDir(filepath.Join(objects, first))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []object.ID
	for _, f := range files {
		id, err := object.ParseID(first + f.Name())
		if err == nil && bytes.Compare(id[:], lo[:]) >= 0 && bytes.Compare(id[:], hi[:]) <= 0 {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// Open opens a loose object and reads its header. owner is as for durable.OpenRegular. Errors:
// fs.ErrNotExist, object.ErrDamaged.
func Open(name string, owner *uint32) (*Object, error) {
	f, _, err := durable.OpenRegular(name, owner)
	if err != nil {
		return nil, err
	}
	l := &Object{file: f}
	if err := l.start(); err != nil {
		l.Close()
		return nil, fmt.Errorf("loose object %q: %w: %w", name, object.ErrDamaged, err)
	}
	return l, nil
}

// start reads the header, and no byte of the content.
func (l *Object) start() error {
	z, err := deflate.NewReader(bufio.NewReader(l.file))
	if err != nil {
		return deflate.ErrDamaged
	}
	l.z = z
	var header []byte
	for one := []byte{0}; len(header) < 32; {
		if _, err := io.ReadFull(l.z, one); err != nil {
			return deflate.ErrDamaged
		}
		if one[0] == 0 {
			break
		}
		header = append(header, one[0])
	}
	word, size, _ := strings.Cut(string(header), " ")
	for k := object.Commit; k <= object.Tag; k++ {
		if word == k.String() {
			l.Kind = k
		}
	}
	l.Size, err = strconv.ParseInt(size, 10, 64)
	if err != nil || l.Size < 0 || l.Kind == 0 {
		return errors.New("loose header malformed")
	}
	return nil
}

// Body reads the content to its end. Errors: object.ErrDamaged, and object.ErrTooBig where it has
// more than max bytes.
func (l *Object) Body(max int64) ([]byte, error) {
	if l.Size > max {
		return nil, fmt.Errorf("loose object %q: %w", l.file.Name(), object.ErrTooBig)
	}
	st, err := l.file.Stat()
	if err != nil {
		return nil, err
	}
	if l.Size/deflate.MaxRatio > st.Size() {
		return nil, l.Damaged()
	}
	body := make([]byte, l.Size)
	if _, err := io.ReadFull(l.z, body); err != nil {
		return nil, l.Damaged()
	}
	if deflate.CheckEnd(l.z) != nil {
		return nil, l.Damaged()
	}
	return body, nil
}

// Damaged is an object.ErrDamaged with the file's name.
func (l *Object) Damaged() error {
	return fmt.Errorf("loose object %q: %w: %w", l.file.Name(), object.ErrDamaged, deflate.ErrDamaged)
}

// Content reads the content. Where its size is not that of the header, it returns the error that
// damaged makes.
func (l *Object) Content(damaged func() error) *deflate.Exact {
	return deflate.NewExact(l.z, l.Size, damaged)
}

// Close returns the zlib reader and closes the file.
func (l *Object) Close() error {
	deflate.Release(l.z)
	l.z = nil
	return l.file.Close()
}
