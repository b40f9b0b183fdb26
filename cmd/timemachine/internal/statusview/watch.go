package statusview

import (
	"fmt"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
)

// Watch is a watch that records to the destination now.
type Watch struct {
	PID      int
	Since    time.Time
	Config   string
	Interval time.Duration // between looks at everything
	Own      bool          // Config is the configuration in question
	Stopped  bool          // by a signal, as with Ctrl-Z
}

// WatchDocument is a watch as JSON.
type WatchDocument struct {
	PID             int     `json:"pid"`
	Since           string  `json:"since"`
	Configuration   string  `json:"configuration"`
	IntervalSeconds float64 `json:"interval_seconds"`
	Stopped         bool    `json:"stopped"`
}

// Text says that it runs, or why it records nothing.
func (w *Watch) Text(c render.Clock) string {
	of := ""
	if !w.Own {
		of = " of " + terminal.Quote(w.Config)
	}
	if w.Stopped {
		return fmt.Sprintf("watch%s is stopped by a signal, as with Ctrl-Z, pid %d; it goes on with: kill -CONT %d", of, w.PID, w.PID)
	}
	return fmt.Sprintf("watch%s is running, pid %d, since %s", of, w.PID, c.Moment(w.Since))
}

// Document is the watch as JSON.
func (w *Watch) Document() WatchDocument {
	return WatchDocument{PID: w.PID, Since: render.TimeText(w.Since), Configuration: w.Config, IntervalSeconds: w.Interval.Seconds(), Stopped: w.Stopped}
}
