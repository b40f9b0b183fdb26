package reach

import "golang.org/x/text/unicode/norm"

// Twins says of each of some paths that looks like another one, and differs in how its letters are
// encoded only, which of them it is.
func Twins(paths []string) map[string]string {
	forms := map[string]int{}
	for _, path := range paths {
		forms[norm.NFC.String(path)]++
	}
	twins := map[string]string{}
	for _, path := range paths {
		composed, separate := norm.NFC.IsNormalString(path), norm.NFD.IsNormalString(path)
		switch {
		case forms[norm.NFC.String(path)] < 2 || composed && separate:
		case composed:
			twins[path] = "of names that look alike, the one with composed letters (NFC)"
		case separate:
			twins[path] = "of names that look alike, the one with letters and accents apart (NFD)"
		default:
			twins[path] = "of names that look alike, one with composed letters and with accents apart"
		}
	}
	return twins
}
