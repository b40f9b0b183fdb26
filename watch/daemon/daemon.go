// Package daemon stays running and records what changes.
//
// A look is a run, over everything or over some paths. The daemon looks at everything when it
// starts, at each interval, and whenever events may be missing: after an overflow, a suspend or a
// mount. Between these, a source of events tells which paths change, and the daemon looks at each
// when it has rested. The caller makes the runs; the daemon decides when, and at what.
package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"timemachine/watch/config"
	"timemachine/watch/daemon/events"
	"timemachine/watch/own"
	"timemachine/watch/scan"
)

const (
	patience  = 5 * time.Second  // a path that does not rest is looked at after this
	tick      = time.Second      // between looks at the clock, mounts and configuration
	slowTick  = 10 * time.Second // the same when nothing has happened for as long as wakeful
	wakeful   = 30 * time.Second
	stopTime  = 3500 * time.Millisecond // for the run at hand, when the daemon is to stop
	longSleep = 2 * time.Second         // the machine was suspended for longer than this

	// A look that was not made, since a run of another process is at work, is tried again after a
	// pause that doubles.
	busyPause   = 200 * time.Millisecond
	longestBusy = 2 * time.Second
)

// Setting is what the daemon watches, and where it writes itself.
type Setting struct {
	Config *config.Config
	Text   string // what the configuration was read from
	Dest   string
	Own    own.Places
}

// Look is what a run looks at.
type Look struct {
	Setting *Setting
	Part    []scan.Path // nil: everything
	Watch   scan.FolderWatch
}

// Result is what a run did.
type Result struct {
	Busy      bool // another process is at work: nothing was done
	Versions  int
	Problems  int
	Undecided bool // as in watch.Summary
}

// Reporter says what happens to the people who read the log.
type Reporter interface {
	// Warn and Say are told once for as long as it holds.
	Warn(text, hint string)
	Say(text string)
	Log(msg string, args ...any)
	// Failed says that a look failed as a whole.
	Failed(err error)
}

// Options say what to watch and how.
type Options struct {
	Interval time.Duration // between looks at everything
	Settle   time.Duration // how long a path rests before it is looked at
	Events   events.Kind

	// Load reads the configuration. Signature tells whether it may have changed.
	Load      func() (*Setting, error)
	Signature func() string
	Look      func(ctx context.Context, l Look) (Result, error)
	Reload    <-chan struct{} // asks to load the configuration
	Idle      func()          // called when the daemon waits after it has made looks
	// Begun is called after the first look at everything. events says where events come from.
	Begun func(events string)

	Notify   string        // the address of the service manager; "": none
	Watchdog time.Duration // how often it expects a sign of life; 0: never
	Report   Reporter      // never nil
}

// daemon is a daemon that runs.
type daemon struct {
	Options
	setting   *Setting
	signature string // of the configuration that was loaded
	seen      string // the one that was seen last
	broken    string // why the present configuration cannot be used
	places    *placesHolder
	pending   *pending
	source    *events.Source
	slept     func() time.Duration // for how long the machine was suspended since it was last asked
	alive     *vigil
	socket    *notifier

	due     time.Time // of the next look at everything
	cause   string    // why it is due before
	earlier time.Time // the earliest time for one with a cause
	retry   time.Time // nothing is looked at before
	tries   int       // looks in a row that were not made
	worked  bool      // a look was made since the daemon began to wait
	stirred time.Time // when something has changed last

	begun bool          // Begun was called
	lost  chan struct{} // events were lost
	limit string        // the limit that was told last
}

// Run watches until ctx ends. Then it finishes the run at hand, or cuts it short after some
// seconds, and returns nil. An error says that the configuration cannot be used at the start.
func Run(ctx context.Context, o Options) error {
	d := &daemon{Options: o, places: &placesHolder{}, slept: newSleepClock().slept, stirred: time.Now(), lost: make(chan struct{}, 1)}
	d.pending = newPending(o.Settle)
	d.signature = o.Signature()
	setting, err := o.Load()
	if err != nil {
		return err
	}
	d.socket = dialNotifier(o.Notify)
	defer d.socket.close()
	d.source = events.Open(events.Options{Kind: o.Events, Changed: d.changed, Relevant: d.relevant, Lost: d.noteLost, Log: o.Report.Log})
	defer d.source.Close()
	d.use(setting)
	d.source.MountsChanged(d.isOnTheWay)
	d.alive = watchOver(o.Watchdog, d.socket)
	defer d.alive.end()
	d.socket.send("READY=1\nSTATUS=looking at everything")
	d.cause = "start"
	d.loop(ctx)
	d.socket.send("STOPPING=1")
	return nil
}

// loop looks and waits until ctx ends.
func (d *daemon) loop(ctx context.Context) {
	for ctx.Err() == nil {
		if d.act(ctx) {
			continue
		}
		if d.worked {
			d.worked = false
			d.Idle()
		}
		d.wait(ctx)
		d.check()
	}
}

// act makes the look that is due. It returns false where none is.
func (d *daemon) act(ctx context.Context) bool {
	now := time.Now()
	if now.Before(d.retry) {
		return false
	}
	if !now.Before(d.due) || d.cause != "" && !now.Before(d.earlier) {
		d.lookAtAll(ctx)
		return true
	}
	if part := d.pending.take(now); len(part) > 0 {
		d.lookAtPart(ctx, part)
		return true
	}
	return false
}

// lookAtAll makes a run over everything.
func (d *daemon) lookAtAll(ctx context.Context) {
	cause := d.cause
	if cause != "" && cause != "start" {
		d.Report.Log("looking at everything", "cause", cause)
	}
	d.cause = ""
	began := time.Now()
	d.resolve()
	result, err := d.look(ctx, nil)
	if d.putOff(result, err) {
		d.cause = cmp.Or(cause, "the last one was not made")
		d.earlier = time.Time{}
		return
	}
	d.pending.forgetBefore(began)
	d.source.Prune()
	took := time.Since(began)
	d.due = began.Add(d.Interval)
	d.earlier = time.Now().Add(min(max(time.Second, 10*took), d.Interval))
	if !d.begun {
		d.begun = true
		d.Begun(d.source.String())
	}
	d.tellLimit()
}

// lookAtPart makes a run over some paths.
func (d *daemon) lookAtPart(ctx context.Context, part []*rest) {
	paths := make([]scan.Path, 0, len(part))
	for _, r := range part {
		paths = append(paths, scan.Path{Name: r.path, Whole: r.whole})
	}
	if d.places.isStale() {
		d.resolve()
	}
	result, err := d.look(ctx, paths)
	switch {
	case d.putOff(result, err):
		d.pending.putBack(part)
	case result.Undecided:
		d.want("what changed is for a look at everything to decide")
	}
}

// want asks for a look at everything.
func (d *daemon) want(cause string) {
	if d.cause == "" {
		d.cause = cause
	}
}

// look makes one run. It goes on for a while when ctx ends.
func (d *daemon) look(ctx context.Context, part []scan.Path) (Result, error) {
	what := "everything"
	if part != nil {
		what = fmt.Sprintf("%d paths", len(part))
	}
	d.socket.status("looking at " + what)
	d.alive.begin()
	defer d.alive.rest()
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-run.Done():
		case <-time.After(stopTime):
			cancel()
		}
	})
	defer stop()
	d.source.Begin()
	places := d.places.get()
	result, err := d.Look(run, Look{Setting: d.setting, Part: part, Watch: func(folder string, dev uint64) {
		d.source.Watch(places.real(folder), dev)
	}})
	if part != nil || err != nil || result.Busy || result.Versions > 0 {
		d.stirred = time.Now()
	}
	return result, err
}

// putOff tells whether a look was not made, and sets when to try again.
func (d *daemon) putOff(r Result, err error) bool {
	d.worked = true
	if err == nil && !r.Busy {
		d.tries, d.retry = 0, time.Time{}
		return false
	}
	pause, longest := busyPause, longestBusy
	if err != nil {
		pause, longest = time.Second, max(d.Interval, time.Second)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		d.Report.Failed(err)
	}
	d.retry = time.Now().Add(min(pause<<min(d.tries, 12), longest))
	d.tries++
	return true
}

// wait waits until there may be something to do.
func (d *daemon) wait(ctx context.Context) {
	until := d.due
	if d.cause != "" && d.earlier.Before(until) {
		until = d.earlier
	}
	if next, some := d.pending.next(); some && next.Before(until) {
		until = next
	}
	if until.Before(d.retry) {
		until = d.retry
	}
	d.socket.status(d.describe())
	timer := time.NewTimer(max(0, min(time.Until(until), d.tick(time.Now()))))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.pending.wake:
	case <-d.lost:
		d.want("events were lost")
	case <-d.Reload:
		d.socket.send("RELOADING=1")
		d.reload()
		d.socket.send("READY=1")
	}
	d.alive.sign()
}

// tick is the time until what has no events is looked at again. Each look wakes up the processor,
// so there are fewer when nothing has changed for a while.
func (d *daemon) tick(now time.Time) time.Duration {
	if now.Sub(d.stirred) > wakeful {
		return slowTick
	}
	return tick
}

// describe says what the daemon is doing while it waits.
func (d *daemon) describe() string {
	text := "idle"
	if d.cause != "" || d.pending.count() > 0 {
		text = "waiting"
	}
	return fmt.Sprintf("%s; %s; looks at everything each %v", text, d.source, d.Interval)
}

// check looks at what has no events: the clock, the mounts and the configuration.
func (d *daemon) check() {
	if d.slept() > longSleep {
		d.want("the machine was suspended")
	}
	if d.source.MountsChanged(d.isOnTheWay) {
		d.source.Forget()
		d.want("a file system was mounted or unmounted")
	}
	// An editor may be writing it still: it is read when it looks the same twice.
	now := d.Signature()
	if now != d.signature && now == d.seen {
		d.reload()
	}
	if now != d.seen {
		d.seen, d.stirred = now, time.Now()
	}
}

// reload loads the configuration. A broken one is told once, and the last good one stays.
func (d *daemon) reload() {
	d.signature = d.Signature()
	setting, err := d.Load()
	if err != nil {
		if text := err.Error(); text != d.broken {
			d.broken = text
			d.Report.Warn(text, "the configuration that was read before stays in force until this is mended")
		}
		return
	}
	if d.broken != "" {
		d.broken = ""
		d.Report.Say("the configuration can be used again")
	}
	if setting.Text == d.setting.Text && setting.Dest == d.setting.Dest {
		return
	}
	d.Report.Log("configuration loaded", "entries", len(setting.Config.Entries), "destination", setting.Dest)
	d.use(setting)
	d.retry = time.Time{}
	d.earlier = time.Time{}
	d.want("the configuration was loaded")
}

// use makes a setting the one in force.
func (d *daemon) use(s *Setting) {
	d.setting = s
	d.source.Forget()
	d.resolve()
}

// resolve finds anew where the entries lead, and watches the folders in which a name on the way to
// a root can come and go.
func (d *daemon) resolve() {
	if d.places.resolve(d.setting) {
		d.source.Forget()
	}
	for _, folder := range d.places.get().folders() {
		if dev, err := deviceOf(folder); err == nil {
			d.source.Watch(folder, dev)
		}
	}
}

// changed takes an event.
func (d *daemon) changed(e events.Event) {
	p := d.places.get()
	for _, source := range p.sources(e.Path) {
		if !d.places.isOwn(source) {
			d.add(source, e.New, e.Gone)
		}
	}
	if e.New || e.Gone {
		for _, root := range p.leadsTo(e.Path) {
			d.places.setStale()
			d.add(root, true, e.Gone)
		}
	}
}

// add notes that a path has changed. Where too many have, a look at everything costs less.
func (d *daemon) add(path string, whole, gone bool) {
	if !d.pending.add(path, whole, gone, time.Now()) {
		d.noteLost()
	}
}

// noteLost notes that events are missing.
func (d *daemon) noteLost() {
	select {
	case d.lost <- struct{}{}:
	default:
	}
}

// relevant tells whether events in a folder are wanted.
func (d *daemon) relevant(folder string) bool { return d.places.get().relevant(folder) }

// isOnTheWay tells whether a mount at a path can change what is watched.
func (d *daemon) isOnTheWay(path string) bool { return d.places.get().isOnTheWay(path) }

// tellLimit says once which limit of the system leaves folders without events.
func (d *daemon) tellLimit() {
	l := d.source.Limit()
	if l == nil {
		d.limit = ""
		return
	}
	if d.limit == l.Setting {
		return
	}
	d.limit = l.Setting
	d.Report.Warn(fmt.Sprintf("%d folders have no events, since %s is %d: they are looked at each %v", l.Folders, l.Setting, l.Now, d.Interval), l.Command())
}
