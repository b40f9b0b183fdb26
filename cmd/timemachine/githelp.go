package main

// readingHelp answers with git what log, show, diff and restore answer. A test runs every indented
// line.
const readingHelp = `The destination is an ordinary git repository, and everything timemachine knows is in it: one commit per version, on one
branch. What git tracks is files/ followed by the absolute path, so /etc/hosts is files/etc/hosts. Work in the
destination (cd /var/backups/timemachine), or in any clone of it.

The history of a file, newest first; with what changed; of a folder:

  git log --date=iso -- files/etc/hosts
  git log -p -- files/etc/hosts
  git log --stat -- files/etc/nginx

The author date is the file's own mtime, the committer date the moment of capture. A version that changed nothing but
the mtime or the owner leaves the tree as it was; the trailers name every version:

  git log --grep='^Source: /etc/hosts$' --format='%h %ad %s' --date=iso
  git log --grep='^Event: metadata$' \
    --format='%h %s %(trailers:key=Mode,key=Owner,separator=%x20)'
  git log -1 --format=%B | git interpret-trailers --parse

A file as of a time, which is the newest capture before it; a whole folder, written elsewhere:

  git show "$(git rev-list -1 --before='10 minutes ago' HEAD)":files/etc/hosts
  git archive "$(git rev-list -1 --before='10 minutes ago' HEAD)" \
    files/etc/nginx | tar -tv

A file as it was one version ago:

  git show "$(git rev-list -1 --skip=1 HEAD -- files/etc/hosts)":files/etc/hosts

What was deleted, and when; the last content of a file that is gone:

  git log --diff-filter=D --name-only --format='%h %cd' --date=iso -- files
  git show "$(git rev-list -1 HEAD -- files/etc/old.conf)^":files/etc/old.conf

Who brought a line in, and with which version; when a word came or went:

  git blame --date=iso files/etc/hosts
  git log -S10.0.0.7 --oneline -- files/etc/hosts
  git grep -n 10.0.0 HEAD~2 -- files/etc

What differs: between two versions, since a time, from the file as it is now:

  git diff HEAD~3 HEAD -- files/etc
  git diff --stat "$(git rev-list -1 --before='10 minutes ago' HEAD)" \
    -- files/etc
  git diff --no-index files/etc/hosts /etc/hosts

One file back, with its mode and mtime from the record (restore does this for you, and the owner as well):

  git show HEAD:files/etc/hosts >hosts.back
  chmod "$(git log -1 --grep='^Source: /etc/hosts$' \
    --format='%(trailers:key=Mode,valueonly,separator=)')" hosts.back
  touch -d "$(git log -1 --grep='^Source: /etc/hosts$' \
    --format='%(trailers:key=Mtime,valueonly,separator=)')" hosts.back

What was recorded since a time, also where the clock was years behind for a
while (git log --since ends there; git 2.37 and later):

  git log --since-as-filter='10 minutes ago' --oneline -- files

Whether the history is whole:

  git fsck --strict

The names of trailers, and of the few paths that git needs escaped, are explained in docs/format.md.`
