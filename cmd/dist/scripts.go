package main

import (
	"os"

	"github.com/goreleaser/nfpm/v2"
)

// The scripts of the packages. dpkg and rpm tell in $1 what happens, in different words.
const (
	reloadUnits = `if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
fi
`
	// A watch that is running would go on with the program of before.
	restartWatches = `if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    systemctl try-restart 'timemachine*-watch.service' >/dev/null 2>&1 || :
fi
`
	// Without the program, what starts it each minute would only fail. What others have written, or
	// a user's own systemd runs, is theirs: it is named.
	unschedule = `    /usr/bin/timemachine schedule remove >/dev/null 2>&1 || :
    /usr/bin/timemachine schedule remove --all >/dev/null 2>&1 || :
    if [ -d /run/systemd/system ]; then
        systemctl disable --now timemachine.timer timemachine-watch.service >/dev/null 2>&1 || :
    fi
    left=$(grep -lsE '^[^#].*[ =@:!+-]/usr/bin/timemachine( |$)' /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* \
        /etc/systemd/system/*.service /root/.config/systemd/user/*.service /home/*/.config/systemd/user/*.service 2>/dev/null || :)
    if [ -n "$left" ]; then
        echo "timemachine: these still start /usr/bin/timemachine, and will fail:" >&2
        echo "$left" | sed 's/^/  /' >&2
    fi
`
	// No history is touched, wherever it is.
	purge = `    rm -f /etc/timemachine/config.dat /etc/timemachine/timemachine.log /etc/timemachine/timemachine-*.log
    rmdir /etc/timemachine 2>/dev/null || :
`
)

// addScripts gives a package its scripts.
func (r *release) addScripts(info *nfpm.Info, format string) error {
	const head = "#!/bin/sh\nset -e\n"
	removed := "if [ \"$1\" = remove ]; then\n" + unschedule + "fi\n"
	after := "if [ \"$1\" = purge ]; then\n" + purge + "fi\n" + reloadUnits
	if format == "rpm" {
		removed = "if [ \"$1\" = 0 ]; then\n" + unschedule + "fi\n"
		after = reloadUnits
	}
	for _, s := range []struct {
		name, text string
		to         *string
	}{
		{"postinst", restartWatches, &info.Scripts.PostInstall},
		{"prerm", removed, &info.Scripts.PreRemove},
		{"postrm", after, &info.Scripts.PostRemove},
	} {
		*s.to = r.at(format + "-" + s.name)
		if err := os.WriteFile(*s.to, []byte(head+s.text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
