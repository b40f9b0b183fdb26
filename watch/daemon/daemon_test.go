package daemon

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"timemachine/watch/config"
	"timemachine/watch/daemon/events"
	"timemachine/watch/own"
)

// told is a Reporter that remembers.
type told struct {
	sync.Mutex
	lines []string
}

func (r *told) add(line string) {
	r.Lock()
	defer r.Unlock()
	r.lines = append(r.lines, line)
}

func (r *told) Warn(text, _ string) { r.add("warn: " + text) }
func (r *told) Say(text string)     { r.add("say: " + text) }
func (r *told) Failed(err error)    { r.add("failed: " + err.Error()) }
func (r *told) Log(msg string, args ...any) {
	if len(args) > 1 && args[0] == "cause" {
		msg += ": " + args[1].(string)
	}
	r.add("log: " + msg)
}

func (r *told) count(line string) (n int) {
	r.Lock()
	defer r.Unlock()
	for _, l := range r.lines {
		if strings.HasPrefix(l, line) {
			n++
		}
	}
	return n
}

// running is a daemon without events, whose looks do nothing.
type running struct {
	t       *testing.T
	options Options
	told    told
	looks   chan Look
	reload  chan struct{}
	socket  *net.UnixConn
	mu      sync.Mutex
	text    string // of the configuration
	broken  error
	ended   chan error
	stop    context.CancelFunc
}

func newRunning(t *testing.T) *running {
	dir := t.TempDir()
	r := &running{t: t, looks: make(chan Look, 100), reload: make(chan struct{}), text: "1", ended: make(chan error, 1)}
	address := filepath.Join(dir, "notify")
	var err error
	if r.socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.socket.Close() })
	r.options = Options{Interval: time.Hour, Settle: time.Millisecond, Events: events.None, Report: &r.told, Reload: r.reload, Notify: address, Watchdog: 200 * time.Millisecond,
		Load: func() (*Setting, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return &Setting{Config: &config.Config{}, Text: r.text, Dest: dir, Own: own.Places{}}, r.broken
		},
		Signature: func() string { return "" },
		Look:      func(_ context.Context, l Look) (Result, error) { r.looks <- l; return Result{}, nil },
		Idle:      func() {}, Begun: func(string) {},
	}
	return r
}

func (r *running) start() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- Run(ctx, r.options) }()
	r.t.Cleanup(stop)
}

// hear reads messages to the service manager until one begins so, and returns those before it.
func (r *running) hear(prefix string) (before []string) {
	r.t.Helper()
	buf := make([]byte, 4096)
	for {
		if err := r.socket.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			r.t.Fatal(err)
		}
		n, err := r.socket.Read(buf)
		if err != nil {
			r.t.Fatalf("no %s after %q: %v", prefix, before, err)
		}
		if strings.HasPrefix(string(buf[:n]), prefix) {
			return before
		}
		before = append(before, string(buf[:n]))
	}
}

func (r *running) look() Look {
	r.t.Helper()
	select {
	case l := <-r.looks:
		return l
	case <-time.After(10 * time.Second):
		r.t.Fatal("no look")
		return Look{}
	}
}

// change makes another configuration, or a broken one, and asks to load it.
func (r *running) change(text string, broken error) {
	r.mu.Lock()
	r.text, r.broken = text, broken
	r.mu.Unlock()
	r.reload <- struct{}{}
}

// TestServiceManager hears that the daemon is ready, what it does, that it lives while it waits,
// that it reloads, and that it stops.
func TestServiceManager(t *testing.T) {
	r := newRunning(t)
	r.start()
	for _, m := range r.hear("READY=1\nSTATUS=looking at everything") {
		if m != "WATCHDOG=1" {
			t.Errorf("before it is ready: %s", m)
		}
	}
	r.hear("STATUS=idle; no events; looks at everything each 1h0m0s")
	r.look()
	for range 3 {
		r.hear("WATCHDOG=1")
	}
	r.change("2", nil)
	r.hear("RELOADING=1")
	r.hear("READY=1")
	if l := r.look(); l.Setting.Text != "2" || l.Part != nil {
		t.Errorf("after a change it looks at %+v", l)
	}
	r.stop()
	r.hear("STOPPING=1")
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestBrokenConfiguration is told once, and the last good one stays in force.
func TestBrokenConfiguration(t *testing.T) {
	r := newRunning(t)
	r.start()
	r.look()
	for range 3 {
		r.change("2", errors.New("broken"))
	}
	r.change("1", nil)
	r.change("3", nil)
	if l := r.look(); l.Setting.Text != "3" {
		t.Errorf("mended, it looks by %q", l.Setting.Text)
	}
	if r.told.count("warn: broken") != 1 || r.told.count("say: the configuration can be used again") != 1 {
		t.Errorf("told: %q", r.told.lines)
	}
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestSuspended: after a suspend, and where events were lost, everything is looked at, once, and
// one line says why.
func TestSuspended(t *testing.T) {
	for cause, happen := range map[string]func(d *daemon){
		"the machine was suspended": func(d *daemon) {
			d.slept = func() time.Duration { d.slept = func() time.Duration { return 0 }; return time.Hour }
		},
		"events were lost": func(d *daemon) {
			for range 1000 { // as often as the system says so
				d.noteLost()
			}
		},
	} {
		r := newRunning(t)
		d := &daemon{Options: r.options, places: &placesHolder{}, slept: func() time.Duration { return longSleep }, lost: make(chan struct{}, 1), due: time.Now().Add(time.Hour), begun: true}
		d.pending = newPending(d.Settle)
		d.source = events.Open(events.Options{Kind: d.Events, Log: d.Report.Log})
		d.alive = watchOver(0, nil)
		setting, _ := d.Load()
		d.use(setting)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if d.act(ctx) {
			t.Error("there is a look before anything happens")
		}
		happen(d)
		d.stirred = time.Now()
		for range 3 { // the ticks of a daemon
			d.wait(ctx)
			d.check()
			d.act(ctx)
		}
		if len(r.looks) != 1 || r.look().Part != nil || r.told.count("log: looking at everything: "+cause) != 1 {
			t.Errorf("%s: %d more looks; told: %q", cause, len(r.looks), r.told.lines)
		}
		cancel()
		d.alive.end()
		d.source.Close()
	}
}

// TestRestsThoughItLooks: a look at everything that finds nothing does not wake the daemon up more
// often.
func TestRestsThoughItLooks(t *testing.T) {
	r := newRunning(t)
	now := time.Now()
	d := &daemon{Options: r.options, places: &placesHolder{}, stirred: now.Add(-time.Hour), pending: newPending(0), alive: watchOver(0, nil)}
	d.source = events.Open(events.Options{Kind: d.Events, Log: d.Report.Log})
	d.setting, _ = d.Load()
	if _, err := d.look(context.Background(), nil); err != nil || d.tick(time.Now()) != slowTick {
		t.Errorf("%v, it wakes up each %v", err, d.tick(time.Now()))
	}
	d.Look = func(context.Context, Look) (Result, error) { return Result{Versions: 1}, nil }
	if _, err := d.look(context.Background(), nil); err != nil || d.tick(time.Now()) != tick {
		t.Errorf("%v, with a version it wakes up each %v", err, d.tick(time.Now()))
	}
}
