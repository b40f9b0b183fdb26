package ref

import (
	"errors"
	"io/fs"
	"strings"

	"timemachine/repo/git/object"
)

// Move is one entry of a branch's reflog. Old is zero where the branch began.
type Move struct {
	Old, New object.ID
	Message  string
}

// Moves lists the moves in a branch's reflog, oldest first; none where there is no reflog. It
// leaves out lines that are malformed.
func (s *Store) Moves(name string) ([]Move, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	b, err := s.readFile("logs/"+name, maxLog)
	if errors.Is(err, fs.ErrNotExist) || err != nil && s.IsFolder("logs/"+name) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var moves []Move
	for line := range strings.Lines(string(b)) {
		head, message, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		old, rest, _ := strings.Cut(head, " ")
		new, _, _ := strings.Cut(rest, " ")
		m := Move{Message: message}
		var oldErr, newErr error
		m.Old, oldErr = object.ParseID(old)
		m.New, newErr = object.ParseID(new)
		if oldErr == nil && newErr == nil {
			moves = append(moves, m)
		}
	}
	return moves, nil
}
