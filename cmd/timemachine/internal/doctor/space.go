package doctor

import (
	"fmt"
	"math"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
	"timemachine/watch/daemon/events"
	"timemachine/watch/disk"
)

// checkSpace finds too little space for what comes next.
func checkSpace(p *Patient) []Finding {
	if p.Space.Size == 0 || p.Config == nil {
		return nil
	}
	floor := p.Config.CopiesMinFree.Floor(p.Space.Size)
	sizes := "see what takes it with: " + p.Say.Command("status", "--sizes")
	switch {
	case p.Versions == 0 && p.Preview != nil && p.Preview.Bytes > p.Space.Free:
		return one(Finding{Path: p.Destination, Text: fmt.Sprintf("the first run would record %s, and the disk of %s has %s free", render.SizeText(p.Preview.Bytes), terminal.Quote(p.Destination), render.SizeText(p.Space.Free)),
			Remedy: "leave files out, or limit their size (max-size) with: " + p.Say.Command("config", "edit")})
	case p.Space.Free < floor && !p.Config.CopiesKeep.None:
		return one(Finding{Path: p.Destination, Text: fmt.Sprintf("the disk of %s has %s free, below %s: versions get no plain copies", terminal.Quote(p.Destination), render.SizeText(p.Space.Free), render.SizeText(floor)), Remedy: sizes})
	case p.Space.Free < config.FreeSpace{}.Floor(p.Space.Size)/4:
		return one(Finding{Path: p.Destination, Text: fmt.Sprintf("the disk of %s has %s free", terminal.Quote(p.Destination), render.SizeText(p.Space.Free)), Remedy: sizes})
	}
	return nil
}

// checkInodes finds a file system on which few files can still be made.
func checkInodes(p *Patient) []Finding {
	if p.Config == nil || p.Space.Inodes == 0 {
		return nil
	}
	floor := p.Config.CopiesMinFree.InodeFloor(p.Space.Inodes)
	if p.Space.FreeInodes >= floor {
		return nil
	}
	return one(Finding{Path: p.Destination, Text: fmt.Sprintf("the disk of %s has %d inodes free, below %d: versions get no plain copies", terminal.Quote(p.Destination), p.Space.FreeInodes, floor),
		Remedy: "keep fewer copies (copies: 30d) with: " + p.Say.Command("config", "edit")})
}

// fewDays is for how many days space must last at least.
const fewDays = 30

// checkGrowth finds space or inodes that end soon at the present pace.
func checkGrowth(p *Patient) (found []Finding) {
	if p.Growth == nil || p.Space.Size == 0 {
		return nil
	}
	remedy := "see what takes it with: " + p.Say.Command("status", "--sizes")
	if left := p.Growth.DaysLeft(p.Space.Free); left >= 0 && left < fewDays {
		found = append(found, Finding{Path: p.Destination, Text: fmt.Sprintf("the disk of %s is full in %s, at %s a day", terminal.Quote(p.Destination), render.Count(int(left), "day"), render.SizeText(p.Growth.PerDay())), Remedy: remedy})
	}
	// A version with a copy takes an inode; what git needs is merged into packs.
	if perDay := float64(p.Growth.Versions) / p.Growth.Days; p.Space.Inodes > 0 && perDay > 0 && p.Config != nil && !p.Config.CopiesKeep.None {
		if left := float64(p.Space.FreeInodes) / perDay; left < fewDays {
			found = append(found, Finding{Path: p.Destination, Text: fmt.Sprintf("the disk of %s has no inodes left in %s, at %.0f copies a day", terminal.Quote(p.Destination), render.Count(int(math.Floor(left)), "day"), perDay),
				Remedy: "keep fewer copies (copies: 30d) with: " + p.Say.Command("config", "edit")})
		}
	}
	return found
}

// checkWatches finds more folders than timemachine watch gets events of.
func checkWatches(p *Patient) []Finding {
	if p.Preview == nil || p.User.UID == 0 { // root has fanotify
		return nil
	}
	limit := events.FolderLimit(p.Preview.Folders)
	if limit == nil {
		return nil
	}
	needed := false
	for i := range p.Scheduled {
		needed = needed || p.Scheduled[i].Watch
	}
	return one(Finding{Note: !needed, Text: fmt.Sprintf("timemachine watch gets no events of %d folders, since %s is %d", limit.Folders, limit.Setting, limit.Now), Remedy: "as root: " + p.Say.Spelled.Add(limit.Command())})
}

// lack is what a file system does not have for a destination.
type lack struct {
	text string
	note bool
}

// lacks are the file systems on which a destination is worse off, as disk.Kind names them.
var lacks = map[string]lack{
	"tmpfs":   {"is in memory: the history is lost when the machine stops", false},
	"ramfs":   {"is in memory: the history is lost when the machine stops", false},
	"vfat":    {"has neither owners and modes nor hard links: everybody who comes to it can read the history", false},
	"exfat":   {"has neither owners and modes nor hard links: everybody who comes to it can read the history", false},
	"ntfs":    {"may keep no owners and modes: look who can read the history", true},
	"fuse":    {"may lack locks, owners or hard links", true},
	"smb":     {"may keep no owners and modes, and its locks hold for this machine alone", true},
	"9p":      {"may keep no locks and owners", true},
	"afs":     {"keeps modes of its own, and its locks hold for this machine alone", true},
	"overlay": {"may be that of a container, and go with it", true},
}

// checkFileSystem finds a destination on a file system that lacks what it needs.
func checkFileSystem(p *Patient) []Finding {
	if p.Destination == "" {
		return nil
	}
	kind := disk.Kind(p.Destination)
	l, is := lacks[kind]
	if !is {
		return nil
	}
	return one(Finding{Path: p.Destination, Note: l.note, Text: fmt.Sprintf("the file system of %s (%s) %s", terminal.Quote(p.Destination), kind, l.text),
		Remedy: "move it to a disk with ext4, xfs or btrfs: " + p.Say.System("mv", hint.ShellWord(p.Destination), "DISK") +
			", and write its new path after destination: with: " + p.Say.Command("config", "edit")})
}
