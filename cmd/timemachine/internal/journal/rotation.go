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
	ext := filepath.Ext(path)
	prefix := strings.TrimSuffix(filepath.Base(path), ext) + "-"
	var old []string
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(e.Name(), prefix)
		stamp, isLog := strings.CutSuffix(stamp, ext)
		if _, err := time.Parse(rotatedStamp, stamp); ok && isLog && err == nil {
			old = append(old, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return old
}
