package gitexec

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bounded keeps what is written, up to max bytes; more ends the command.
type bounded struct {
	b    []byte
	max  int
	full func(error)
}

var errTooMuch = errors.New("git wrote more than is believed")

func (w *bounded) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > w.max {
		w.full(errTooMuch)
		return 0, errTooMuch
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

// tail keeps the last max bytes that are written, and calls a function when nothing is written for
// a time.
type tail struct {
	mu    sync.Mutex
	b     []byte
	max   int
	quiet time.Duration
	timer *time.Timer

	progress func(done, total int64) // nil: not told
}

// received is how git tells how many objects of a fetch have come.
var received = regexp.MustCompile(`Receiving objects: +[0-9]+% \(([0-9]+)/([0-9]+)\)`)

// tell passes on the last progress in a text.
func (w *tail) tell(text []byte) {
	all := received.FindAllSubmatch(text, -1)
	if w.progress == nil || len(all) == 0 {
		return
	}
	last := all[len(all)-1]
	done, err := strconv.ParseInt(string(last[1]), 10, 64)
	total, totalErr := strconv.ParseInt(string(last[2]), 10, 64)
	if err == nil && totalErr == nil {
		w.progress(done, total)
	}
}

func (w *tail) watch(quiet time.Duration, ended func()) {
	w.quiet, w.timer = quiet, time.AfterFunc(quiet, ended)
}

func (w *tail) stop() { w.timer.Stop() }

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Reset(w.quiet)
	}
	w.tell(p)
	w.b = append(w.b, p...)
	if n := len(w.b) - w.max; n > 0 {
		w.b = slices.Delete(w.b, 0, n)
	}
	return len(p), nil
}

// lines returns the lines, each without what a carriage return has written over.
func (w *tail) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for line := range strings.Lines(string(w.b)) {
		line = strings.TrimRight(line, "\r\n")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}
