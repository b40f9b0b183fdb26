package render

import (
	"fmt"

	"timemachine/repo"
)

// CompactDocument is what compact --json prints. Sizes are in bytes and include the idx files.
type CompactDocument struct {
	Destination string `json:"destination"`
	PacksBefore int    `json:"packs_before"`
	PacksAfter  int    `json:"packs_after"`
	BytesBefore int64  `json:"bytes_before"`
	BytesAfter  int64  `json:"bytes_after"`
	Foreign     int    `json:"foreign_packs"`
	Unlisted    int    `json:"unlisted_packs"`
}

// CompactJSON is the document of a compaction.
func CompactJSON(dest string, c repo.Compaction) CompactDocument {
	return CompactDocument{Destination: dest, PacksBefore: c.PacksBefore, PacksAfter: c.PacksAfter,
		BytesBefore: c.BytesBefore, BytesAfter: c.BytesAfter, Foreign: c.Foreign, Unlisted: c.Unlisted}
}

// CompactLine is a compaction in one line. gc is the command that merges all packs.
func CompactLine(c repo.Compaction, gc string) string {
	text := fmt.Sprintf("%s of %s: nothing to merge", Count(c.PacksBefore, "pack"), SizeText(c.BytesBefore))
	if c.PacksBefore != c.PacksAfter || c.BytesBefore != c.BytesAfter {
		text = fmt.Sprintf("%s of %s, now %d of %s: %s freed", Count(c.PacksBefore, "pack"), SizeText(c.BytesBefore),
			c.PacksAfter, SizeText(c.BytesAfter), SizeText(c.BytesBefore-c.BytesAfter))
	}
	if n := c.Foreign - c.Unlisted; n > 0 {
		text += "; " + Count(n, "pack") + " left as found, in use by git or with a .keep file"
	}
	if c.Unlisted > 0 {
		text += "; " + Count(c.Unlisted, "pack") + " left as found, not on the list of those that timemachine wrote " +
			"(made by git, or the list was lost: " + gc + " merges all)"
	}
	return text
}

// RebuildDocument is what copies rebuild --json prints.
type RebuildDocument struct {
	Copies  int64 `json:"copies"`
	Written int64 `json:"written"`
	Failed  int64 `json:"failed"`
}

// RebuildJSON is the document of a rebuild of copies/.
func RebuildJSON(b *repo.Rebuilt) RebuildDocument {
	return RebuildDocument{Copies: b.Versions, Written: b.Written, Failed: b.Failed}
}

// PruneDocument is what copies prune --json prints.
type PruneDocument struct {
	DryRun  bool  `json:"dry_run"`
	Removed int64 `json:"removed"`
	Bytes   int64 `json:"bytes"`
	Differ  int64 `json:"differ"`
	Waiting int64 `json:"waiting"`
	Needed  int64 `json:"needed"`
	Failed  int64 `json:"failed"`
}

// PruneJSON is the document of a removal of copies.
func PruneJSON(p *repo.Pruned, dryRun bool) PruneDocument {
	return PruneDocument{DryRun: dryRun, Removed: p.Copies, Bytes: p.Bytes, Differ: p.Differ, Waiting: p.Waiting, Needed: p.Needed, Failed: p.Failed}
}

// PruneLine is a removal of copies in one line.
func PruneLine(p *repo.Pruned, dryRun bool) string {
	text, freed := "removed ", " freed"
	if dryRun {
		text, freed = "would remove ", " to be freed"
	}
	text += plural(int(p.Copies), "copy", "copies")
	if p.Copies > 0 {
		text += ": " + SizeText(p.Bytes) + freed
	}
	if p.Differ > 0 {
		text += "; " + plural(int(p.Differ), "copy was", "copies were") + " changed by somebody and stay"
	}
	if p.Waiting > 0 {
		text += "; " + plural(int(p.Waiting), "copy stays", "copies stay") + ", since the newest one of the file is missing"
	}
	if p.Needed > 0 {
		text += "; " + plural(int(p.Needed), "copy stays", "copies stay") + ", since the history has lost the content"
	}
	return text
}

// RebuildLine is a rebuild of copies/ in one line.
func RebuildLine(b *repo.Rebuilt) string {
	return "wrote " + plural(int(b.Written), "copy", "copies") + " of " + Count(int(b.Versions), "version")
}
