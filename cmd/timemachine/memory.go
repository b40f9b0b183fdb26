package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
)

const (
	memoryDays  = 31
	repeatAfter = 24 * time.Hour // after this a standing warning is printed again
	memoryLimit = 16 << 20       // bytes; a larger file is not a memory

	mostFailures = 20 // reasons of failed runs that are told apart
)

// memory is what timemachine remembers about one configuration file between executions. It keeps
// warnings from being repeated, and an empty mount point from being taken for a new destination. It
// is a JSON file under $XDG_STATE_HOME. Names in it are escaped, since JSON holds UTF-8 only.
type memory struct {
	Config       string                `json:"config"`
	Destinations map[string]usedPlace  `json:"destinations,omitempty"`
	LastRun      time.Time             `json:"last_run"`
	Warnings     map[string]givenAlarm `json:"warnings,omitempty"`
	Failures     map[string]time.Time  `json:"failures,omitempty"` // why, and when told

	file     string
	now      time.Time
	previous time.Time // the run before this one
}

// usedPlace is a destination that was used: when, and who owned it.
type usedPlace struct {
	First  time.Time   `json:"first"`
	Last   time.Time   `json:"last"`
	Owner  *uint32     `json:"owner,omitempty"`  // nil: not known yet
	Failed *failedNote `json:"failed,omitempty"` // nil: the last run over everything has not
}

// failedNote is a run that failed as a whole. The destination cannot keep it: it may be the reason
// of the failure.
type failedNote struct {
	When time.Time `json:"when"`
	Why  string    `json:"why"`
}

// givenAlarm is a warning: the run that gave it last, and when it was last printed.
type givenAlarm struct {
	Run     time.Time `json:"run"`
	Printed time.Time `json:"printed"`
}

// memoryFile is the file of the memory of a configuration; "" if no home is known.
func (a *app) memoryFile(config string) string {
	folder := below(a.xdgFolder("XDG_STATE_HOME", ".local/state"))
	if folder == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(config))
	return filepath.Join(folder, hex.EncodeToString(sum[:8])+".json")
}

// recall reads the memory of a configuration. A missing or damaged file, or that of another
// configuration, gives an empty memory.
func (a *app) recall(config string) *memory {
	file := a.memoryFile(config)
	m := &memory{}
	if err := readMemory(file, m); err != nil || m.Config != terminal.Escape(config) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			a.journal.Debug("state file is not read", "file", file, "cause", durable.Reason(err))
		}
		m = &memory{Config: terminal.Escape(config)}
	}
	m.file, m.now, m.previous = file, a.now(), m.LastRun
	if m.Destinations == nil {
		m.Destinations = map[string]usedPlace{}
	}
	if m.Warnings == nil {
		m.Warnings = map[string]givenAlarm{}
	}
	return m
}

// readMemory follows no link of another user's, and takes no file of theirs.
func readMemory(file string, m *memory) error {
	dir, err := durable.OpenTrusted(filepath.Dir(file), false)
	if err != nil {
		return err
	}
	defer dir.Close()
	st, err := dir.Lstat(filepath.Base(file))
	if err != nil {
		return err
	}
	if !st.IsRegular() || int(st.UID) != os.Geteuid() {
		return errors.New("not a state file of this user")
	}
	data, err := dir.ReadFile(filepath.Base(file), memoryLimit)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, m)
}

// knows tells whether this configuration has used the destination before.
func (m *memory) knows(dest string) bool {
	_, known := m.Destinations[terminal.Escape(dest)]
	return known
}

// lastUsed is the destination that this configuration has used last; "" where none is known, or its
// name cannot be told.
func (m *memory) lastUsed() string {
	var last string
	for dest, u := range m.Destinations {
		if last == "" || u.Last.After(m.Destinations[last].Last) {
			last = dest
		}
	}
	if !filepath.IsAbs(last) || terminal.Escape(last) != last || strings.Contains(last, `\`) {
		return ""
	}
	return last
}

// noteUse records that the destination is used now, and its owner.
func (m *memory) noteUse(dest string, owner uint32) {
	dest = terminal.Escape(dest)
	u := m.Destinations[dest]
	if u.First.IsZero() {
		u.First = m.now
	}
	u.Last, u.Owner = m.now, &owner
	m.Destinations[dest] = u
}

// owner is the owner of the destination when it was last used.
func (m *memory) owner(dest string) (uid uint32, known bool) {
	u := m.Destinations[terminal.Escape(dest)]
	if u.Owner == nil {
		return 0, false
	}
	return *u.Owner, true
}

// isNews records a warning and tells whether to print it: the last run did not give it, or a day
// has passed.
func (m *memory) isNews(text string) bool {
	text = terminal.Escape(text)
	w, given := m.Warnings[text]
	if given && w.Run.Equal(m.now) {
		return false
	}
	repeated := given && w.Run.Equal(m.previous) && m.isWithinDay(w.Printed)
	if !repeated {
		w.Printed = m.now
	}
	w.Run = m.now
	m.Warnings[text] = w
	return !repeated
}

// isWithinDay tells whether a moment is less than a day away. One that lies further in the future
// was noted while the clock was ahead.
func (m *memory) isWithinDay(t time.Time) bool { return m.now.Sub(t).Abs() < repeatAfter }

// isFirst records a notice and tells whether to print it: no earlier execution of the last month
// gave it.
func (m *memory) isFirst(text string) bool {
	text = terminal.Escape(text)
	w, given := m.Warnings[text]
	if !given {
		w.Printed = m.now
	}
	w.Run = m.now
	m.Warnings[text] = w
	return w.Printed.Equal(m.now)
}

// isNewFailure records why this run failed and tells whether to print it: no run has since the last
// one that ended, or a day has passed.
func (m *memory) isNewFailure(err error) bool {
	text := terminal.Escape(withoutNumbers(render.FirstLine(err)))
	if printed, given := m.Failures[text]; given && m.isWithinDay(printed) {
		return false
	}
	if m.Failures == nil || len(m.Failures) >= mostFailures {
		m.Failures = map[string]time.Time{}
	}
	m.Failures[text] = m.now
	return true
}

// noteEnded records that this run scanned the whole watch list.
func (m *memory) noteEnded(dest string) {
	m.LastRun, m.Failures = m.now, nil
	m.note(dest, nil)
}

// noteFailed records that this run failed, if the destination has ever been used.
func (m *memory) noteFailed(dest string, err error) {
	m.note(dest, &failedNote{When: m.now, Why: terminal.Escape(render.FirstLine(err))})
}

func (m *memory) note(dest string, failed *failedNote) {
	if u, known := m.Destinations[terminal.Escape(dest)]; known {
		u.Failed = failed
		m.Destinations[terminal.Escape(dest)] = u
	}
}

// lastFailure is the last run over the whole watch list if it failed. It is nil if a later run,
// with any configuration, has ended. A run that has ended in the future is no later one: the clock
// was set back, and no run has ended since.
func (m *memory) lastFailure(dest string, l history.LastRun) *statusview.FailedRun {
	failed := m.Destinations[terminal.Escape(dest)].Failed
	if failed == nil || failed.When.Before(l.Ended) && !l.Ended.After(m.now) {
		return nil
	}
	run := statusview.FailedRun(*failed)
	return &run
}

// save writes the memory, without warnings that are more than a month away. Destinations stay: a
// disk that is plugged in twice a year must not be taken for a new one.
func (m *memory) save() error {
	for text, w := range m.Warnings {
		if m.now.Sub(w.Run).Abs() > memoryDays*24*time.Hour {
			delete(m.Warnings, text)
		}
	}
	if len(m.Destinations)+len(m.Warnings)+len(m.Failures) == 0 {
		return nil
	}
	return m.write()
}

// write replaces the file atomically. It does not sync: a lost file costs a repeated line. It
// follows no link of another user's, whose folder $HOME may be under sudo -E.
func (m *memory) write() error {
	if m.file == "" {
		return errors.New("no home folder is known")
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	dir, err := durable.OpenTrusted(filepath.Dir(m.file), true)
	if err != nil {
		return err
	}
	return errors.Join(dir.Put(filepath.Base(m.file), data), dir.Close())
}
