//go:build system && linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestServiceStartsAfterRestore: a web server reads its configuration, as its own user, from a
// folder that is closed to all but that user's group. It starts again from what was restored.
func TestServiceStartsAfterRestore(t *testing.T) {
	const lighttpd = "/usr/sbin/lighttpd"
	if _, err := os.Stat(lighttpd); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bin, top := buildBinary(t), t.TempDir()
	must(os.Chmod(filepath.Dir(top), 0o711))
	must(os.Chmod(top, 0o711))
	etc, conf, dest := top+"/etc/web", top+"/conf", top+"/dest"
	for _, dir := range []string{top + "/etc", etc, etc + "/sites", conf, dest} {
		must(os.Mkdir(dir, 0o755))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := free.Addr().(*net.TCPAddr)
	must(free.Close())
	write(t, etc+"/web.conf", fmt.Appendf(nil, "server.bind = \"127.0.0.1\"\nserver.port = %d\nserver.document-root = \"%s/sites\"\ninclude \"%s/types.conf\"\n",
		address.Port, etc, etc))
	write(t, etc+"/types.conf", []byte("mimetype.assign = (\".txt\" => \"text/plain\")\n"))
	write(t, etc+"/sites/page.txt", []byte("the page\n"))
	write(t, top+"/etc/beside", []byte("beside\n"))
	for path, mode := range map[string]os.FileMode{etc: 0o750, etc + "/sites": 0o2750, etc + "/web.conf": 0o640, etc + "/types.conf": 0o440, etc + "/sites/page.txt": 0o640} {
		must(os.Chown(path, 0, nobody))
		must(syscall.Chmod(path, uint32(mode)))
	}
	write(t, conf+"/config.dat", fmt.Appendf(nil, "- %s\n", top+"/etc"))
	program := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(bin, append([]string{"-cl", conf, "-d", dest}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	serves := func(when string) {
		t.Helper()
		server := exec.Command(lighttpd, "-D", "-f", etc+"/web.conf")
		server.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		var said bytes.Buffer
		server.Stdout, server.Stderr = &said, &said
		must(server.Start())
		stop := func() string { server.Process.Kill(); server.Wait(); return said.String() }
		defer stop()
		for range 600 {
			if answer, err := http.Get(fmt.Sprintf("http://%s/page.txt", address)); err == nil {
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if string(body) != "the page\n" {
					t.Errorf("%s: %s %q", when, answer.Status, body)
				}
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%s the server does not start: %s", when, stop())
	}
	serves("before")
	program("run")
	must(os.RemoveAll(etc))
	program("restore", etc)
	serves("after a restore")
	must(os.RemoveAll(etc))
	program("run")
	program("restore", etc)
	serves("after a run and a restore")
}
