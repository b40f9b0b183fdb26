package journal

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// rotatedStamp is the layout of the time in the name of a log that lumberjack moved aside.
const rotatedStamp = "2006-01-02T15-04-05.000"

// Rotated are the older logs beside the one at path, the oldest first. Only names in lumberjack's
// form count: a user's own timemachine-old.log stays out of it.
func Rotated(path string) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var old []string
	for _, e := range entries {
		if IsRotated(filepath.Base(path), e.Name()) {
			old = append(old, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return old
}

// IsRotated tells whether name is that of an older log, beside the log of the name log.
func IsRotated(log, name string) bool {
	ext := filepath.Ext(log)
	stamp, older := strings.CutPrefix(name, strings.TrimSuffix(log, ext))
	if !older || !strings.HasPrefix(stamp, "-") || !strings.HasSuffix(stamp, ext) {
		return false // as nearly every name of a run is, which asks for each
	}
	_, err := time.Parse(rotatedStamp, strings.TrimSuffix(stamp[1:], ext))
	return err == nil
}
