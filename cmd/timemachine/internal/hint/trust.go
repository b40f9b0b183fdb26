package hint

import "timemachine/repo/durable"

// Trust is the hint that makes root trust a file.
func Trust(e *durable.UntrustedError) string {
	if e.Mode != 0 {
		return "chmod go-w " + ShellWord(e.Path)
	}
	return "chown root " + ShellWord(e.Path)
}
