package pack

import "timemachine/repo/git/object"

// ReadRawCommit returns a commit's body as it is stored. Errors: as Read, and one for an object of another kind.
func (s *Store) ReadRawCommit(id object.ID) ([]byte, error) { return s.readKind(id, object.Commit) }
