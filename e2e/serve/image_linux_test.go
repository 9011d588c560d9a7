package serve

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// dockerImage is what the Dockerfile says about how the program is run.
type dockerImage struct {
	user               string
	environment        []string
	entrypoint, health []string
}

func readImage(t *testing.T) (i dockerImage) {
	t.Helper()
	text := string(e2e.Read(t, "../../Dockerfile"))
	find := func(pattern string) string {
		m := regexp.MustCompile(`(?m)^` + pattern + `$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("the Dockerfile has no %s", pattern)
		}
		return m[1]
	}
	i.user, i.environment = find(`USER (\d+):\d+`), strings.Fields(find(`ENV (.*)`))
	for pattern, into := range map[string]*[]string{`ENTRYPOINT (.*)`: &i.entrypoint, `HEALTHCHECK .*CMD (.*)`: &i.health} {
		if err := json.Unmarshal([]byte(find(pattern)), into); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// container makes what is needed visible to any user, makes everything but the cache
// read-only, drops all rights and becomes the program.
const container = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /media
mkdir /media/bin /media/cache /media/pictures
mount --bind "$1" /media/bin
mount --bind "$2" /media/cache
mount --bind "$3" /media/pictures
mount -o remount,ro /media
mount -o remount,bind,ro /media/bin
mount -o remount,bind,ro /media/pictures
mount -t proc proc /proc
mount -o remount,bind,ro /
user=$4
shift 4
cd /
exec setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"`

// The program works as the Dockerfile has it run: as a user without rights, with a
// read-only root file system, as process 1.
func TestImage(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can start a container")
	}
	i := readImage(t)
	cache, pictures := t.TempDir(), t.TempDir()
	for name, body := range map[string][]byte{
		"photo.jpg": e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "gray.jpg")),
		"text.svg":  []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><text y="50">words</text></svg>`),
	} {
		if err := os.WriteFile(filepath.Join(pictures, name), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", i.user, cache).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(filepath.Dir(e2e.Binary), 0o755); err != nil {
		t.Fatal(err)
	}
	serve := append(i.entrypoint, "--listen", "127.0.0.1:0", "--admin", ":0", "--drain", "1h", "--source", "/=file:/media/pictures")
	cmd := exec.Command("sh", append([]string{"-c", container, "sh", filepath.Dir(e2e.Binary), cache, pictures, i.user}, serve...)...)
	cmd.Env = append(i.environment, "PATH=/media/bin:"+os.Getenv("PATH"), "THUMBERY_ADMIN_TOKEN=a-token-of-the-tests", "THUMBERY_CACHE=/media/cache")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	s := e2e.StartCmd(t, cmd)
	s.AwaitAddresses(t)
	for _, key := range []string{"photo.jpg", "text.svg"} {
		if r := e2e.Get(t, s.URL+"/60x,f_png/"+key); r.Status != 200 {
			t.Errorf("%s: %d %s", key, r.Status, r.Body)
		}
	}
	if r := e2e.Get(t, s.Admin+"/readyz", "Authorization", "Bearer a-token-of-the-tests"); r.Status != 200 || strings.Contains(string(r.Body), `"degraded":true`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	health := exec.Command(e2e.Binary, i.health[1:]...)
	health.Env = append(os.Environ(), "THUMBERY_ADMIN="+strings.TrimPrefix(s.Admin, "http://"))
	if out, err := health.CombinedOutput(); err != nil || i.health[0] != "thumbery" {
		t.Errorf("%q: %v, %s", i.health, err, out)
	}
	if n := len(e2e.Files(t, filepath.Join(cache, "derivatives"))); n != 2 {
		t.Errorf("%d derivatives are cached", n)
	}
	s.Terminate(t)
	s.Log.AwaitText(t, "msg=stopping")
	s.EndNow(t) // process 1 gets no signal that it does not handle
}
