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
	// Without the program, what starts it each minute would only fail. Root's other configurations
	// are named in the lines and units that schedule install has made for them. The crontabs of
	// users are theirs.
	unschedule = `    /usr/bin/timemachine schedule remove >/dev/null 2>&1 </dev/null || :
    sed -n -e '/# timemachine[-0-9a-f]* schedule$/s|^[^#]*/usr/bin/timemachine -c \([[:alnum:]/._-]*\) .*|\1|p' \
        -e '/^ExecStart=/s|^[^#]*/usr/bin/timemachine -c \([[:alnum:]/._-]*\)\( .*\)\{0,1\}$|\1|p' \
        /etc/cron.d/timemachine-* /etc/systemd/system/timemachine-*.service 2>/dev/null |
    while read -r config; do
        /usr/bin/timemachine -c "$config" schedule remove >/dev/null 2>&1 </dev/null || :
    done
    grep -ls '^[^#]*/usr/bin/timemachine .*# timemachine[-0-9a-f]* schedule$' /var/spool/cron/crontabs/* /var/spool/cron/* |
    while read -r table; do
        echo "timemachine: the crontab of ${table##*/} still starts it each time: take that line away with"
        echo "  crontab -u ${table##*/} -e"
    done
    if [ -d /run/systemd/system ]; then
        systemctl disable --now timemachine.timer timemachine-watch.service >/dev/null 2>&1 || :
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
