package main

// rootHelp is the help of timemachine itself, in at most 40 lines of 80 columns. A test looks for
// every command in it.
const rootHelp = `timemachine keeps the history of the files you name: every version becomes a
commit in an ordinary git repository, and can be compared and brought back.

First steps:
  timemachine setup ~/notes            keep a folder's history from now on
  timemachine log ~/notes              its versions, newest first
  timemachine restore ~/notes --at 2h  bring it back as it was two hours ago

Watch files:
  setup         configuration, destination and first history at once
  add, remove   watch files, folders or patterns; stop watching
  list, why     the watch list; why a file is recorded, or left out
  run, watch    record what changed: once, as cron does; or all the time
  schedule      have cron or systemd do that, unattended
  status        what a run would record, when the last one was

Ask the history:
  log           the versions of a file, a folder or everything
  diff          what changed, by default since the newest version
  show, ls      a file's content and a folder's list, at any time
  blame         the version and time in which each line came in
  restore       bring files and folders back, also deleted ones
  git, hosts    any git command in the destination; machines in it

Look after it:
  config        values in force and their origin; config edit changes them
  push          send the history to a git remote
  verify        check everything, and repair
  doctor        what would go wrong when nobody looks
  init, copies, compact, completion, version

Each command takes -c CONFIG, -cl DIR (its folder), -d DESTINATION, -q, -v,
--json and --no-color. The short forms -l, -a FILE, -r FILE list, add, remove.
Exit codes: 0 done; 1 failed; 2 usage or configuration; 3 some files left out.

More:
  timemachine COMMAND -h        examples and flags of a command
  timemachine help COMMAND      everything about it
  timemachine help TOPIC        config, time, files, patterns, flags,
                                exit-codes, reading-with-git`
