package pack

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
	"timemachine/repo/git/object"
)

// loose is an open loose object, its header read.
type loose struct {
	file *os.File
	z    io.ReadCloser
	kind object.Kind
	size int64
}

// loosePath is the file of an object in an objects folder.
func loosePath(objects string, id object.ID) string {
	name := id.String()
	return filepath.Join(objects, name[:2], name[2:])
}

// looseFiles lists the files of an objects folder that are loose objects by their names.
func looseFiles(objects string) ([]string, error) {
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

// looseID is the name of the object that a file holds by its path; an error where the path is not that of a loose object.
func looseID(file string) (object.ID, error) {
	return object.ParseID(filepath.Base(filepath.Dir(file)) + filepath.Base(file))
}

// looseBetween lists the loose objects from lo to hi, which begin with the same byte, in no order.
func looseBetween(objects string, lo, hi object.ID) ([]object.ID, error) {
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

// openLoose returns an error that is fs.ErrNotExist when there is no such file.
func openLoose(name string) (*loose, error) {
	f, _, err := durable.OpenRegular(name)
	if err != nil {
		return nil, err
	}
	l := &loose{file: f}
	if err := l.start(); err != nil {
		l.Close()
		return nil, fmt.Errorf("loose object %q: %w: %w", name, ErrDamaged, err)
	}
	return l, nil
}

// start reads "kind SP size NUL". It takes no byte of the content.
func (l *loose) start() error {
	z, err := newInflater(bufio.NewReader(l.file))
	if err != nil {
		return errInflate
	}
	l.z = z
	var header []byte
	for one := []byte{0}; len(header) < 32; {
		if _, err := io.ReadFull(l.z, one); err != nil {
			return errInflate
		}
		if one[0] == 0 {
			break
		}
		header = append(header, one[0])
	}
	word, size, _ := strings.Cut(string(header), " ")
	for k := object.Commit; k <= object.Tag; k++ {
		if word == k.String() {
			l.kind = k
		}
	}
	l.size, err = strconv.ParseInt(size, 10, 64)
	if err != nil || l.size < 0 || l.kind == 0 {
		return errors.New("loose header malformed")
	}
	return nil
}

// body reads the content to its end.
func (l *loose) body(max int64) ([]byte, error) {
	if l.size > max {
		return nil, fmt.Errorf("loose object %q: %w", l.file.Name(), ErrTooBig)
	}
	st, err := l.file.Stat()
	if err != nil {
		return nil, err
	}
	if l.size/maxRatio > st.Size() {
		return nil, l.damaged()
	}
	body := make([]byte, l.size)
	if _, err := io.ReadFull(l.z, body); err != nil {
		return nil, l.damaged()
	}
	if atEnd(l.z) != nil {
		return nil, l.damaged()
	}
	return body, nil
}

func (l *loose) damaged() error {
	return fmt.Errorf("loose object %q: %w: %w", l.file.Name(), ErrDamaged, errInflate)
}

// content gives the bytes after the header, and what damaged makes where they are not as many as the header says.
func (l *loose) content(damaged func() error) *exact { return newExact(l.z, l.size, damaged) }

// Close gives the zlib reader back and closes the file.
func (l *loose) Close() error {
	giveBack(l.z)
	l.z = nil
	return l.file.Close()
}
