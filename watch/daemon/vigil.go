package daemon

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// notifier tells the service manager how the daemon is (sd_notify(3)). A nil one tells nobody.
type notifier struct {
	conn *net.UnixConn

	mu   sync.Mutex
	last string // the last status
}

// dialNotifier opens the socket at an address; one that begins with @ has no file.
func dialNotifier(address string) *notifier {
	if address == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return nil
	}
	return &notifier{conn: conn}
}

// sendTime is how long a message may wait for a service manager that does not read.
const sendTime = 100 * time.Millisecond

// send sends lines of the form NAME=VALUE, and tells whether they were taken. Nobody needs to
// listen.
func (n *notifier) send(lines string) bool {
	if n == nil {
		return false
	}
	if err := n.conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return false
	}
	_, err := n.conn.Write([]byte(lines))
	return err == nil
}

// status says what the daemon is doing, where that is news.
func (n *notifier) status(text string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if text != n.last && n.send("STATUS="+text) {
		n.last = text
	}
}

func (n *notifier) close() {
	if n != nil {
		n.conn.Close()
	}
}

// A run that has done nothing for this long hangs.
const hangTime = 2 * time.Minute

// latest is by how much the daemon may wake up late.
const latest = 10 * time.Second

// workStep is how much of the processor a process uses that works, between two signs.
const workStep = time.Millisecond

// vigil gives the service manager signs of life, but only while there is life: while it waits, the
// daemon wakes up every few seconds, and while it works, it uses the processor.
type vigil struct {
	every  time.Duration
	socket *notifier
	stop   chan struct{}
	ended  sync.WaitGroup

	mu      sync.Mutex
	working bool
	signed  time.Time     // when there was life last
	used    time.Duration // of the processor, then
}

// watchOver gives a sign twice in the time that the service manager waits for one.
func watchOver(every time.Duration, socket *notifier) *vigil {
	v := &vigil{every: every, socket: socket, stop: make(chan struct{}), signed: time.Now()}
	if every > 0 {
		v.ended.Go(v.watch)
	}
	return v
}

func (v *vigil) watch() {
	t := time.NewTicker(v.every / 2)
	defer t.Stop()
	for {
		if v.isAlive(time.Now(), usedTime()) {
			v.socket.send("WATCHDOG=1")
		}
		select {
		case <-v.stop:
			return
		case <-t.C:
		}
	}
}

// isAlive tells whether there is life at a time, until which so much of the processor was used.
func (v *vigil) isAlive(now time.Time, used time.Duration) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.working {
		return now.Sub(v.signed) < max(v.every, slowTick+latest)
	}
	if used-v.used >= workStep {
		v.signed, v.used = now, used
	}
	return now.Sub(v.signed) < max(v.every, hangTime)
}

// sign notes that the daemon has woken up.
func (v *vigil) sign() { v.set(false) }

// begin notes that a look begins, rest that it has ended.
func (v *vigil) begin() { v.set(true) }
func (v *vigil) rest()  { v.set(false) }

func (v *vigil) set(working bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.working, v.signed = working, time.Now()
}

func (v *vigil) end() {
	close(v.stop)
	v.ended.Wait()
}

// usedTime is how long this process has used the processor.
func usedTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
