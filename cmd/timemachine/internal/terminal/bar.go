package terminal

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// barDelay is how long work goes on before a bar appears: quick runs show none.
const barDelay = 500 * time.Millisecond

// bar is a progress bar that appears late and leaves nothing behind.
type bar struct {
	w     io.Writer
	now   func() time.Time
	since time.Time
	shown *progressbar.ProgressBar // nil: not on the screen yet
	total int64
	doing string
}

func newBar(w io.Writer, now func() time.Time, doing string) *bar {
	return &bar{w: w, now: now, since: now(), doing: doing}
}

// set moves the bar to done of total; total may grow.
func (b *bar) set(done, total int64) {
	if b.shown == nil {
		if b.now().Sub(b.since) < barDelay {
			return
		}
		b.total = total
		b.shown = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.w),
			progressbar.OptionSetDescription(b.doing),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(),
		)
	}
	if total != b.total {
		b.total = total
		b.shown.ChangeMax64(total)
	}
	// A bar that a terminal refuses is no reason to stop the work.
	_ = b.shown.Set64(done)
}

// hide clears the bar's line; the next set draws it again.
func (b *bar) hide() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

// close takes the bar off the screen for good.
func (b *bar) close() {
	b.hide()
	b.shown = nil
}
