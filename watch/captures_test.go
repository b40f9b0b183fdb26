package watch

import (
	"context"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/watch/capture"
	"timemachine/watch/scan"
)

// TestCapturesEnd: who waits for a capture is told of the end of a run, at whatever moment it is
// cancelled.
func TestCapturesEnd(t *testing.T) {
	changes := make([]scan.Change, 256)
	for i := range changes { // nothing is captured of them
		changes[i] = scan.Change{File: &scan.File{Path: "/gone"}, Deleted: true}
	}
	whole := 0
	for n := range 3000 {
		ctx, cancel := context.WithCancel(context.Background())
		r := &run{RunOptions: RunOptions{Clock: time.Now}, ctx: ctx, tx: new(repo.Tx), published: time.Now()}
		s := r.startCaptures(&capture.Capturer{}, changes)
		timer := time.AfterFunc(time.Duration(n%300)*time.Microsecond, cancel)
		ended := make(chan int)
		go func() {
			i := 0
			for _, ok := s.wait(i); ok && i < len(changes)-1; _, ok = s.wait(i) {
				i++
			}
			ended <- i
		}()
		select {
		case i := <-ended:
			if i == len(changes)-1 {
				whole++
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("cancelled after %d µs, it waits on", n%300)
		}
		timer.Stop()
		s.stop()
	}
	if whole == 3000 {
		t.Error("none was cancelled in time")
	}
}
