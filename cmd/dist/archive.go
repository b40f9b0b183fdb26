package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // writes the format deb
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // writes the format rpm
)

// archive writes a tar archive of files, all in one folder.
func (r *release) archive(t target, all []file) error {
	folder := "timemachine-" + r.version + "-" + t.os + "-" + t.arch
	return r.create(folder+".tar.gz", func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		a := tar.NewWriter(z)
		for _, f := range all {
			body, err := os.ReadFile(f.path)
			if err == nil {
				err = a.WriteHeader(&tar.Header{Name: folder + "/" + f.name, Mode: int64(f.mode), Size: int64(len(body)), ModTime: r.date, Uname: "root", Gname: "root"})
			}
			if err == nil {
				_, err = a.Write(body)
			}
			if err != nil {
				return err
			}
		}
		if err := a.Close(); err != nil {
			return err
		}
		return z.Close()
	})
}

// installed is where a file of the release lies in a package; "" for one that is in none.
func installed(name string) string {
	dir, base := filepath.Split(name)
	switch dir {
	case "man/":
		return "/usr/share/man/man" + base[strings.LastIndexByte(base, '.')+1:] + "/" + base + ".gz"
	case "units/":
		return "/usr/lib/systemd/system/" + base
	case "completions/":
		return map[string]string{
			"timemachine.bash": "/usr/share/bash-completion/completions/timemachine",
			"_timemachine":     "/usr/share/zsh/vendor-completions/_timemachine",
			"timemachine.fish": "/usr/share/fish/vendor_completions.d/timemachine.fish",
		}[base]
	}
	if name == "LICENSE" {
		return "/usr/share/doc/timemachine/copyright"
	}
	return "/usr/share/doc/timemachine/" + name + ".gz"
}

// packages writes the packages for a target. /etc/timemachine belongs to them, and what setup makes
// in it does not, so that no upgrade asks about it.
func (r *release) packages(t target, program file, pages []file) error {
	for _, format := range []string{"deb", "rpm"} {
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "timemachine", Platform: t.os, Arch: t.arch, Version: r.version, VersionSchema: "none", Release: "1",
			Section: "admin", Priority: "optional", License: "MIT", MTime: r.date,
			Maintainer:  "The timemachine authors <root@localhost>",
			Description: "keeps the history of files in a git repository\nEvery version of every file on a list becomes a commit, made each minute or as\nsoon as it was saved, and can be compared and brought back. The history is an\nordinary git repository, beside plain timestamped copies.",
		})
		info.Recommends = []string{"git"}
		info.RPM.BuildHost = "localhost"
		info.Contents = files.Contents{
			{Destination: "/etc/timemachine", Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Mode: 0o700, MTime: r.date}},
			r.content(program.path, "/usr/bin/timemachine", 0o755),
		}
		for _, f := range pages {
			to, from := installed(f.name), f.path
			if strings.HasSuffix(to, ".gz") {
				from = r.at("gz-" + filepath.Base(f.name))
				if err := compress(f.path, from); err != nil {
					return err
				}
			}
			info.Contents = append(info.Contents, r.content(from, to, f.mode))
		}
		if err := r.addScripts(info, format); err != nil {
			return err
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		if err := r.create(packager.ConventionalFileName(info), func(w io.Writer) error { return packager.Package(info, w) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) content(from, to string, mode os.FileMode) *files.Content {
	return &files.Content{Source: from, Destination: to, FileInfo: &files.ContentFileInfo{Mode: mode, MTime: r.date}}
}

// compress writes a file with gzip, without a name or a time.
func compress(from, to string) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(body)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
