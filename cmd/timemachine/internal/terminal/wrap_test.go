package terminal

import "testing"

func TestWrap(t *testing.T) {
	text := "one two three\nfour é five\n\n  kept as it   is, however long\n\tand this\nsix seven-and-eight nine"
	want := "one two\nthree\nfour é\nfive\n\n  kept as it   is, however long\n\tand this\nsix\nseven-and-eight\nnine"
	if got := Wrap(text, 8); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
