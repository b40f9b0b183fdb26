package repotest

import (
	"errors"
	"sync"
	"syscall"

	"timemachine/repo/durable"
)

// Fault is how an operation goes wrong.
type Fault string

// The faults.
const (
	Fails Fault = "fails" // one operation: an I/O error
	Full  Fault = "full"  // from there on nothing more fits on the disk
	Cut   Fault = "cut"   // a write is done by half, and nothing more fits
	Kill  Fault = "kill"  // the process ends there, in the midst of a write where it is one
)

// AllFaults lists them.
var AllFaults = []Fault{Fails, Full, Cut, Kill}

// ErrKilled is what a process would not live to see.
var ErrKilled = errors.New("killed by the test")

// Faults lets the operation with the number At, counted from 0, go wrong. It is a durable.Seam.
type Faults struct {
	At  int
	How Fault

	mu   sync.Mutex
	n    int
	op   durable.Op
	done bool
}

// Count is how many operations there were.
func (f *Faults) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// Hit is the operation that went wrong; ok is false where there was none, or none that the fault
// could befall.
func (f *Faults) Hit() (op durable.Op, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.op, f.done
}

// Before implements durable.Seam.
func (f *Faults) Before(op *durable.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.n
	f.n++
	if n == f.At && f.befalls(op) {
		f.done, f.op = true, *op
		if (f.How == Cut || f.How == Kill) && op.Kind == durable.Write {
			op.Data = op.Data[:len(op.Data)/2]
		}
		return f.err()
	}
	if f.done && n > f.At && f.lasts(op) {
		if op.Kind == durable.Write {
			op.Data = nil
		}
		return f.err()
	}
	return nil
}

// After implements durable.Seam.
func (f *Faults) After(*durable.Op) {}

func (f *Faults) befalls(op *durable.Op) bool {
	switch f.How {
	case Full:
		return grows(op)
	case Cut:
		return op.Kind == durable.Write && len(op.Data) > 1
	}
	return true
}

// lasts tells whether later operations suffer as well.
func (f *Faults) lasts(op *durable.Op) bool {
	switch f.How {
	case Full, Cut:
		return grows(op)
	case Kill:
		return true
	}
	return false
}

func (f *Faults) err() error {
	switch f.How {
	case Full, Cut:
		return syscall.ENOSPC
	case Kill:
		return ErrKilled
	}
	return syscall.EIO
}

func grows(op *durable.Op) bool {
	switch op.Kind {
	case durable.Mkdir, durable.Create, durable.Link, durable.Symlink, durable.Write:
		return true
	}
	return false
}
