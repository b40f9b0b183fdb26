package durable

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestFlock has one holder of a lock at a time, and a waiter that gets it or gives up.
func TestFlock(t *testing.T) {
	d, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	open := func() *File {
		f, err := d.OpenLock("lock")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, second := open(), open()
	defer second.Close()
	if taken, err := TryFlock(first); !taken || err != nil {
		t.Fatalf("first: %v, %v", taken, err)
	}
	if taken, err := TryFlock(second); taken || err != nil {
		t.Fatalf("second: %v, %v", taken, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Flock(ctx, second); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	got := make(chan error)
	go func() { got <- Flock(context.Background(), second) }()
	time.AfterFunc(3*firstPause, func() { first.Close() })
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

// TestTakeLockGivesUp names the lock file of another program after the wait.
func TestTakeLockGivesUp(t *testing.T) {
	top := t.TempDir()
	d, err := OpenDir(top)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	stage, err := d.MakeSub("stage")
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	foreign, err := d.Create("ref.lock")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	_, err = d.TakeLock("ref", stage, time.Millisecond)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Path != filepath.Join(top, "ref.lock") {
		t.Fatalf("%v", err)
	}
	if names, _ := stage.Names(); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}
