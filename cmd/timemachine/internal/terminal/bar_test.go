package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestBarAppearsLateAndLeavesNothing(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	b := newBar(&out, func() time.Time { return now }, "looking")
	b.set(1, 10)
	now = now.Add(barDelay - 1)
	b.set(2, 10)
	b.close()
	if out.Len() > 0 {
		t.Fatalf("too early: %q", out.String())
	}
	now = now.Add(1)
	b.set(3, 10)
	if !strings.Contains(out.String(), "looking") {
		t.Fatalf("no bar: %q", out.String())
	}
	b.set(4, 20)
	b.close()
	text := out.String()
	if i := strings.LastIndex(text, "looking"); strings.TrimSpace(text[strings.Index(text[i:], "\r")+i:]) != "" {
		t.Errorf("the bar stays: %q", text)
	}
	b.set(0, 0)
	b.close()
}

func TestLinesTakeTheBarAway(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	c := NewConsole(&out, ConsoleOptions{Terminal: true, Now: func() time.Time { return now }})
	c.ShowBar("looking")
	now = now.Add(barDelay)
	c.MoveBar(1, 2)
	c.Error("wrong")
	if text := out.String(); !strings.HasSuffix(text, "\rERR wrong\n") {
		t.Errorf("%q", text)
	}
}
