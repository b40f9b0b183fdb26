package sshlogin

import "testing"

// TestMatchesHost compares names with patterns as ssh does.
func TestMatchesHost(t *testing.T) {
	for _, c := range []struct {
		patterns []string
		name     string
		want     bool
	}{
		{[]string{"example"}, "example", true},
		{[]string{"Example"}, "example", true},
		{[]string{"example"}, "example.org", false},
		{[]string{"*"}, "", true},
		{[]string{"*"}, "[::1]:22", true},
		{[]string{"a*c*e"}, "abcde", true},
		{[]string{"a*c*f"}, "abcde", false},
		{[]string{"a?c"}, "abc", true},
		{[]string{"a?c"}, "ac", false},
		{[]string{"other", "!10.0.0.1", "[127.*]:*"}, "[127.0.0.1]:2222", true},
		{[]string{"*", "!abc"}, "abc", false},
		{[]string{"!abc"}, "abd", false},
		{[]string{"|1|not base64|x"}, "x", false},
	} {
		if got := matchesHost(c.patterns, c.name); got != c.want {
			t.Errorf("%q matches %q: %v", c.patterns, c.name, got)
		}
	}
}
