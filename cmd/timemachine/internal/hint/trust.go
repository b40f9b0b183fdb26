package hint

import (
	"path/filepath"

	"timemachine/repo/trust"
)

// Trust is the hint that makes root trust a file or folder. In a folder where others can exchange
// it, no command is safe, and none would last.
func Trust(e *trust.UntrustedError) string {
	switch {
	case trust.CheckPrivate(filepath.Dir(e.Path)) != nil:
		return "keep it in a folder in which root alone may write, and which lies in no other user's folder"
	case e.Mode != 0:
		return "chmod go-w " + ShellWord(e.Path)
	}
	return "chown root " + ShellWord(e.Path)
}
