package history

import "context"

// Sizes is the disk space that a destination takes, in bytes: blocks, not lengths. What has several
// names is counted once, where it is met first: in .git, else in files/, else in copies/.
type Sizes struct {
	Git, Files, Copies int64
}

// Sizes adds the destination up. What vanishes meanwhile does not count; what cannot be read is
// left out and an error says so beside the sum of the rest.
func (h *History) Sizes(ctx context.Context) (s Sizes, err error) {
	s.Git, s.Files, s.Copies, err = h.commits.Sizes(ctx, h.bare)
	return s, err
}
