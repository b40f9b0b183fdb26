package main

const scheduleHelp = `Have the configuration run, each minute and unattended, by cron or systemd. schedule alone prints what schedule show prints.

  timemachine schedule install   makes the schedule
  timemachine schedule show      tells what runs it, and whether that is active
  timemachine schedule remove    takes away what install has made

There is one schedule for each configuration. What install makes has a mark, and nothing without it is changed or removed.`

const scheduleInstallHelp = `Make the schedule of the configuration, or make it what the flags say: typed again, it changes nothing. Without a flag it is cron,
where that is running, else systemd; what install has made before stays what it is.

  --cron     one line, marked at its end: of root in /etc/cron.d, of others
             (and of root with --user) in their own crontab, whose other lines
             stay as they are, to the byte
  --systemd  a timer and its service, in /etc/systemd/system, or for systemctl
             --user in ~/.config/systemd/user; one run makes up for what was
             missed while the machine was off
  --watch    timemachine watch as a service of systemd: a file is recorded
             half a second after it was saved

Another kind replaces the one that was there. --every 5m is the time between runs: what divides an hour or a day, such as 1m, 15m, 1h or
6h; of a watch, between its looks at everything.

The line and the units name everything with its whole path: this program, the configuration, and the destination where the
configuration does not have it; and XDG_STATE_HOME, HOME and the folder of git where cron and systemd would set them otherwise. Root
schedules no program that others can exchange. A path with characters that do not show is refused, and one with a backslash for cron.

The watch service starts again when it has failed, may write neither to /usr nor to /etc (but to the folders of the configuration and
the destination), and sees every file. A unit of your own beside it (systemctl edit) stays.

A user's systemd runs while that user is logged in, unless loginctl enable-linger lets it start with the machine.

Something else that runs the configuration already is not replaced: install names it, and does nothing. A line that setup has printed
and you have written into a crontab is taken over.`

const scheduleShowHelp = `Tell what runs this configuration: lines of your crontab, of /etc/crontab and /etc/cron.d, and units of systemd; whether cron or the
unit is running; when systemd makes the next run; which timemachine watch runs, also one that was started by hand; and when the last run
was, whoever made it. The line says so where it is older than the schedule explains. timemachine status --max-age is the one for monitors.

Whether cron is running is seen in the list of processes. Where that is hidden from you (hidepid), and on macOS, it cannot be told.`

const scheduleRemoveHelp = `Take away what schedule install has made for this configuration, of every kind or of the one that a flag names. Nothing else is
removed; what still runs the configuration is named. The history stays, and can be read as before.

With --all it takes away those of every configuration that start this program, and names what else starts it: for root those of the
system and root's own, for others their own. The packages do so when they are removed.`
