package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// sourcePath is the source that a PATH on the command line means. PATH is seen from the working
// directory. It may be a path of the destination, or lead to the source by links.
func (a *app) sourcePath(ctx context.Context, h *history.History, word string) (string, error) {
	source, _, err := a.namedVersion(ctx, h, word)
	return source, err
}

// namedVersion is the source that a PATH means and, where PATH is a copy of one version, the commit
// of that: a WHEN. It is "" for any other PATH.
func (a *app) namedVersion(ctx context.Context, h *history.History, word string) (source, at string, err error) {
	path, err := a.absolute(word)
	if err != nil {
		return "", "", err
	}
	if known, err := h.KnownWithoutSearch(path); known || err != nil {
		return path, "", err
	}
	place := placeInDestination(h.Dest(), path)
	if w := filepath.Clean(word); place == "" && (firstPart(w) == "files" || firstPart(w) == "copies") {
		place = w
	}
	source, at, err = storedSource(ctx, h, place)
	if at != "" || err != nil {
		return source, at, err
	}
	for _, c := range []string{source, resolveLinks(path)} {
		if known, err := h.KnownWithoutSearch(c); c != "" && known || err != nil {
			return c, "", err
		}
	}
	return cmp.Or(source, path), "", nil
}

// placeInDestination is a path relative to the destination, also where links lead there; "" for one
// that is not below it. A link at the end of the path is not followed: what is recorded may be one.
func placeInDestination(dest, path string) string {
	for range 2 {
		if below, ok := strings.CutPrefix(path, strings.TrimSuffix(dest, "/")+"/"); ok {
			return below
		}
		dest, path = resolveLinks(dest), filepath.Join(resolveLinks(filepath.Dir(path)), filepath.Base(path))
	}
	return ""
}

// storedSource is the source, or the folder of sources, that a path below files/ or copies/ stands
// for; "" for none. Of a copy, at is the commit of its version.
func storedSource(ctx context.Context, h *history.History, place string) (source, at string, err error) {
	switch root := firstPart(place); {
	case root != "files" && root != "copies":
		return "", "", nil
	case root == place:
		return "/", "", nil
	case root == "files":
		source, ok := layout.Source(place)
		if !ok {
			source, err = folderOfPlace(ctx, h, place)
		}
		return source, "", err
	}
	source, isCopy, ok := layout.CopySource(place)
	switch {
	case isCopy:
		return copiedVersion(ctx, h, place, source)
	case !ok:
		source, err = folderOfPlace(ctx, h, place)
	}
	return source, "", err
}

// copiedVersion is the source and the commit of the version that has a path below copies/; "" for
// none. The version is looked for among those of the likely source, then among all.
func copiedVersion(ctx context.Context, h *history.History, place, likely string) (source, at string, err error) {
	for e, err := range h.Log(ctx, history.LogOptions{Path: likely}) {
		var unknown *history.UnknownError
		if err != nil && !errors.As(err, &unknown) {
			return "", "", err
		}
		if err == nil && e.Copy == place {
			return e.Source, e.Commit.String(), nil
		}
	}
	err = h.Walk(ctx, h.Tip(), object.ID{}, func(v record.Version, recorded bool) error {
		if !recorded || v.Copy != place {
			return nil
		}
		source, at = v.Source, v.Commit.String()
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return source, at, err
}

// folderOfPlace is the source, or the folder of sources, that has a path below files/ or copies/
// with a shortened name; "" for none. Only the sources tell.
func folderOfPlace(ctx context.Context, h *history.History, place string) (string, error) {
	if !strings.Contains(place, "/%~") {
		return "", nil
	}
	names := strings.Count(place, "/")
	sources, err := h.Sources(ctx, "/")
	for _, s := range sources {
		places := append(layout.TreePaths(s), layout.CopyFolders(s)...)
		if slices.ContainsFunc(places, func(p string) bool { return isAtOrBelow(p, place) }) {
			return strings.Join(strings.Split(s, "/")[:names+1], "/"), nil
		}
	}
	return "", err
}
