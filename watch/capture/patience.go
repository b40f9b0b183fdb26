package capture

import (
	"errors"
	"os"
	"sync"
	"time"
)

// Why a large source of another user is left for a later run.
var (
	ErrSlow   = errors.New("takes longer to read than a run spends on another user's large files")
	ErrNoTime = errors.New("comes after what a run reads of that user's large files")
)

// Patience is how long a run reads the large sources of each other user, all together. The files of
// root, and of the user who runs this process, are not bounded. Several goroutines may use it.
type Patience struct {
	Limit time.Duration

	mu    sync.Mutex
	spent map[uint32]time.Duration // by the sources' owner
}

// spend counts time for a user, and tells whether the limit is reached.
func (p *Patience) spend(uid uint32, d time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent == nil {
		p.spent = map[uint32]time.Duration{}
	}
	p.spent[uid] += d
	return p.spent[uid] >= p.Limit
}

// stopwatch counts how long a source is read. The zero value counts nothing.
type stopwatch struct {
	patience *Patience
	clock    func() time.Time
	uid      uint32
	spent    time.Duration // on this source
}

// watchOwner has the stopwatch count for a user, unless their sources are not bounded.
func (s *stopwatch) watchOwner(c *Capturer, uid uint32) {
	if c.Patience != nil && uid != 0 && uid != uint32(os.Geteuid()) {
		s.patience, s.clock, s.uid = c.Patience, c.Clock, uid
	}
}

// next counts the time since the moment last, where that is set, and sets it to the present one. At
// the limit it returns ErrSlow where this source has taken most of the time, else ErrNoTime.
func (s *stopwatch) next(last *time.Time) error {
	if s == nil || s.patience == nil {
		return nil
	}
	now, took := s.clock(), time.Duration(0)
	if !last.IsZero() {
		took = now.Sub(*last)
	}
	*last = now
	s.spent += took
	switch {
	case !s.patience.spend(s.uid, took):
		return nil
	case s.spent > s.patience.Limit/2:
		return ErrSlow
	}
	return ErrNoTime
}
