package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/repo/durable"
	"timemachine/repo/history"
)

// presencePrefix begins the names of the files by which others learn of a watch. Its PID follows.
const presencePrefix = "watch-"

// longestPresence is the number of bytes beyond which a file is none of a watch's.
const longestPresence = 64 << 10

// presence is a watch that is running, as it notes itself in a destination. It holds nothing open
// there, since the destination's disk may be unmounted at any time.
type presence struct {
	Config  string    `json:"configuration"` // absolute path; what is not UTF-8 in it is lost
	PID     int       `json:"pid"`
	Process string    `json:"process"` // tells it from others that had or will have this PID
	Since   time.Time `json:"since"`
	// between looks at everything, in nanoseconds
	Interval time.Duration `json:"interval"`
}

// newPresence is this process as the watch of a configuration.
func newPresence(config string, since time.Time, interval time.Duration) *presence {
	return &presence{Config: config, PID: os.Getpid(), Process: processMark(os.Getpid()), Since: since, Interval: interval}
}

// note writes the presence into a destination's folder of state, unless it is there, and removes
// those of watches that have ended. It is not put on disk: after a power failure it is wrong.
func (p *presence) note(state *durable.Dir) error {
	if state == nil || p.Process == "" {
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	name := presencePrefix + strconv.Itoa(p.PID)
	if there, err := state.ReadFile(name, longestPresence); err == nil && string(there) == string(data) {
		return nil
	}
	for name, p := range presences(state) {
		if p == nil {
			err = errors.Join(err, state.Remove(name))
		}
	}
	return errors.Join(err, state.Put(name, data))
}

// canBeWatch tells whether a running process can be one of this program's: whoever may write in the
// destination can note any. It is root's or this user's, and has the name of this one.
func canBeWatch(pid int) bool {
	uid, name := processUser(pid)
	_, own := processUser(os.Getpid())
	return (uid == 0 || uid == os.Geteuid()) && name == own
}

// presences are the files of watches in a folder of state, nil those of which none runs.
func presences(state *durable.Dir) map[string]*presence {
	files := map[string]*presence{}
	names, err := state.Names()
	if err != nil {
		return nil
	}
	for _, name := range names {
		if !strings.HasPrefix(name, presencePrefix) {
			continue
		}
		var p presence
		data, err := state.ReadFile(name, longestPresence)
		if files[name] = nil; err == nil && json.Unmarshal(data, &p) == nil && p.PID > 0 && p.Process != "" && p.Process == processMark(p.PID) && canBeWatch(p.PID) {
			files[name] = &p
		}
	}
	return files
}

// runningWatches lists the watches that run now and have noted themselves in a folder of state, by
// their configurations. What a watch has left that ended does not count, nor does one whose process
// cannot be seen from here.
func runningWatches(state *durable.Dir) []presence {
	if state == nil {
		return nil
	}
	var list []presence
	for _, p := range presences(state) {
		if p != nil {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b presence) int {
		return cmp.Or(strings.Compare(a.Config, b.Config), cmp.Compare(a.PID, b.PID))
	})
	return list
}

// watchesOf are the watches that record to a destination now, for its status and for doctor.
func watchesOf(state *durable.Dir, p *place) []statusview.Watch {
	var list []statusview.Watch
	for _, w := range runningWatches(state) {
		list = append(list, statusview.Watch{PID: w.PID, Since: w.Since, Config: w.Config, Interval: w.Interval, Stopped: isStopped(w.PID),
			Own: w.Config == strings.ToValidUTF8(p.config, "\ufffd")})
	}
	return list
}

// ownWatches are those of the configuration in question.
func ownWatches(h *history.History, p *place) []statusview.Watch {
	return slices.DeleteFunc(watchesOf(h.State(), p), func(w statusview.Watch) bool { return !w.Own })
}

// cronDepth is how many processes above this one may be cron, with a shell and a script between.
const cronDepth = 3

// isOfCron tells whether cron has started this process, itself or by a shell or a script: it mails
// what is printed.
func isOfCron() bool {
	pid := os.Getppid()
	for range cronDepth {
		if _, name := processUser(pid); schedule.IsCron(strings.TrimSpace(name)) {
			return true
		}
		if pid = parentOf(pid); pid <= 0 {
			break
		}
	}
	return false
}
