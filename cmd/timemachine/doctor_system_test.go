//go:build linux && system

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mounted runs a command of a shell where nobody else sees its mounts.
func (p *patient) mounted(command string) string {
	p.Helper()
	if os.Geteuid() != 0 {
		p.Fatal("this test needs root")
	}
	script := filepath.Join(p.dir, "mounted")
	write(p.T, script, []byte(`tm() { "$AS" -c "$DIR/config.dat" "$@"; }; `+command+"; true\n"))
	return p.must("unshare -m sh " + script)
}

// TestDoctorOfAFullDisk: a destination on a small file system is told of before, when and for how
// long it is full, in bytes and in inodes.
func TestDoctorOfAFullDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, options, command, want, silent string }{
		{"enough", "size=64M", "tm -q run", "", "space inodes"},
		{"first run", "size=2M", "head -c 3M /dev/urandom >w/b", "space: the first run would record 3.0 MiB, and the disk of", "inodes"},
		{"no copies", "size=8M", "tm -q run; head -c 7800K /dev/zero >dest/fill", "below", "inodes"},
		{"nearly full", "size=8M", "echo 'copies: none' >>config.dat; tm -q run; head -c 8M /dev/zero >dest/fill 2>/dev/null", "space: the disk of", "inodes"},
		{"few inodes", "size=64M,nr_inodes=400", "tm -q run; i=0; while [ $i -lt 390 ]; do touch dest/$i || break; i=$((i+1)); done 2>/dev/null", "inodes: the disk of", "space"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPatient(t, programName)
			out := p.mounted("mv dest old; mkdir dest; mount -t tmpfs -o " + c.options + ",mode=700 tmpfs dest; tm -q init -d dest; " + c.command + "; tm doctor")
			if !strings.Contains(out, c.want) {
				t.Errorf("not found: %s\n%s", c.want, out)
			}
			for _, check := range strings.Fields(c.silent) {
				if strings.Contains(out, check+": the") {
					t.Errorf("%s finds something:\n%s", check, out)
				}
			}
		})
	}
}

// TestDoctorOfFewWatches names the sysctl that gives a user's watch enough events.
func TestDoctorOfFewWatches(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "as-nobody")
	p.must("for i in 1 2 3 4 5 6 7 8 9; do mkdir w/$i; done")
	const say = `out=$(tm doctor -v); echo "$out"`
	if out := p.mounted(say); !strings.Contains(out, "nothing needs a hand") {
		t.Errorf("with the limit of this machine: %s", out)
	}
	out := p.mounted(`echo 5 >low; mount --bind low /proc/sys/fs/inotify/max_user_watches; ` + say)
	if !strings.Contains(out, "note: watches: timemachine watch gets no events of 5 folders, since fs.inotify.max_user_watches is 5; as root: sysctl fs.inotify.max_user_watches=8192") {
		t.Error(out)
	}
}

// TestDoctorOfGrowth tells for how many days bytes and inodes last, a day after the first run.
func TestDoctorOfGrowth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, options, change, want string }{
		{"bytes", "size=64M", "head -c 15M /dev/urandom >w/a", `is full in 1 day, at [0-9.]+ MiB a day`},
		{"inodes", "size=64M,nr_inodes=500", "for i in $(seq 20); do echo $i >w/$i; done", `has no inodes left in 2[0-9] days, at 19 copies a day`},
		{"none", "size=64M", "echo new >w/a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPatient(t, programName)
			p.must("mv dest old; mkdir dest; mount -t tmpfs -o mode=700," + c.options + " tmpfs dest")
			t.Cleanup(func() { p.must("umount dest") })
			p.must("tm -q init -d dest; tm -q run; " + c.change + "; tm -q run")
			f := p.at(time.Now().Add(25*time.Hour), "growth")
			switch {
			case c.want == "" && len(f) > 0, c.want != "" && len(f) != 1:
				t.Errorf("%+v", f)
			case len(f) > 0 && !regexp.MustCompile(c.want).MatchString(f[0].Message):
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestDoctorOfAnOverlay notes a file system that may go with its container.
func TestDoctorOfAnOverlay(t *testing.T) {
	t.Parallel()
	p := newPatient(t, programName)
	out := p.mounted(`mkdir layers; mount -t tmpfs tmpfs layers; mkdir layers/up layers/work; mount -t overlay overlay -o lowerdir=dest,upperdir=layers/up,workdir=layers/work dest && tm doctor`)
	if !strings.Contains(out, "note: file-system: the file system of "+p.dir+"/dest (overlay) may be that of a container") {
		t.Error(out)
	}
}
