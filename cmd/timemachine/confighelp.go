package main

// configurationHelp tells what the configuration may hold. A test parses its examples and compares
// its list of default exclusions with the one in force.
const configurationHelp = `The configuration, config.dat, is YAML. In the short form it is the watch list, a path or pattern a line:

  - /etc
  - notes.txt
  - ~/notes/**/*.md
  - "!*.bak"

In the full form it is a mapping. Every key may be left out:

  destination: /var/backups/timemachine
  watch:
    - /etc
    - path: /srv/www
      exclude: ["cache/", "*.log"]
  exclude: ["*.bak"]
  max-size: 100MiB
  copies: {keep: all, min-free: 5%}
  touched: record
  default-exclusions: true
  push: {remote: origin, branch: "hosts/{hostname}", timeout: 60s,
    with: auto, private: no}

Keys:
  destination   the folder of the history; -d and TIMEMACHINE_DESTINATION beat
                it
  watch         the list, as in the short form; an entry may be a mapping of
                path and exclude
  exclude       patterns in .gitignore syntax, for all entries; in the list they
                begin with !
  max-size      larger files are skipped and named; default no limit
  copies        keep: all or none; min-free: no copies while less of the disk is
                free
  touched       ignore: a new mtime alone makes no version; default record
  default-exclusions
                false: nothing is left out that is not told here
  push          a git remote, to which runs push what they record; default none:
                its name, a URL or a path, or a mapping of
                remote:   the same
                branch:   there; default as here; {hostname} is this host's name
                timeout:  of one exchange; default 60s
                with:     auto, git or builtin
                private:  yes sends also files that not everybody may read here

Paths are taken from the configuration's folder on, "~" and $VAR are expanded, and in a pattern * ? [ ] and ** have
their meaning in .gitignore; add writes absolute paths, and escapes such characters of a name. What begins with a
character that YAML gives a meaning, such as * or !, needs quotes. A mistake is named with line and column, and nothing
runs.

Left out below every watched folder, unless an entry names it:

  .git/ *.swp *.swx *~ .#* #*# 4913 *.dpkg-new *.dpkg-tmp

They are git's own folders and what vim, emacs and dpkg write for a moment. The destination, the log and what
timemachine writes itself are never watched.`
