package sshlogin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"timemachine/repo/internal/transport/fault"
)

// explain tells the user of a failed login that ssh would have read something about the host.
func (c *Config) explain(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		e = fault.Classify(err)
	}
	if file := c.configured(); file != "" && (e.Kind == fault.Unreachable || e.Kind == fault.AuthFailed) {
		e.Msg += fmt.Sprintf("; what %q says of the host is not read", file)
		e.File = file
	}
	return e
}

// configured is the user's ssh_config(5) where it names the host; "" where it does not. A pattern
// that means all hosts does not count.
func (c *Config) configured() string {
	if c.Home == "" {
		return ""
	}
	file := filepath.Join(c.Home, ".ssh/config")
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n=\"", r) })
		if len(words) < 2 || !strings.EqualFold(words[0], "Host") {
			continue
		}
		patterns := words[1:]
		if matchesHost(patterns, strings.ToLower(c.Host)) && !matchesHost(patterns, "no-host-has-this-name") {
			return file
		}
	}
	return ""
}
