package watch

import (
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/scan"
)

// largeFile is the size in bytes above which git hosting services warn of a file.
const largeFile = 50 << 20

// HostLimit is the size in bytes above which git hosting services refuse a file.
const HostLimit = 100 << 20

// The range of git's dates in seconds: from 1970 to the end of the year 9999.
const (
	firstDate = 0
	lastDate  = 253402300799
)

// warnOfLimits warns of a version that is recorded, but exceeds a limit of git or of hosting
// services.
func (r *run) warnOfLimits(v *record.Version) {
	warn := func(msg string, kind refusal.RemedyKind) {
		r.reportProblem(scan.Problem{Path: v.Source, Msg: msg, Remedy: refusal.Remedy{Kind: kind}, Warning: true})
	}
	switch {
	case v.Size > HostLimit:
		warn("is over 100 MB large: hosting services refuse it", scan.LimitSize)
	case v.Size > largeFile:
		warn("is over 50 MB large", scan.LimitSize)
	}
	if sec := v.Mtime.Unix(); !v.Mtime.IsZero() && (sec < firstDate || sec > lastDate) {
		warn("has a time of modification that git's dates cannot say", scan.ReadTimeInRecord)
	}
}

// warnOfLimit warns of a max-size that leaves out nearly everything, since its unit is missing.
func (r *run) warnOfLimit() {
	if text := r.Config.UnitlessLimit(); text != "" {
		r.reportProblem(scan.Problem{Path: r.Config.File, Msg: SmallLimit(text), Warning: true})
	}
}

// SmallLimit says of max-size, as written, that its unit seems to be missing.
func SmallLimit(text string) string {
	return "max-size: " + text + " is a size in bytes, and leaves nearly every file out: is a unit missing, as in " + text + "MiB?"
}
