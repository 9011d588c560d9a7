package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	miniogo "github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// migrated is the summary that thumbery migrate --json prints.
type migrated struct {
	Copied, There           struct{ Files, Bytes int64 }
	Conflicts, Failed, Gone int64
	Complete                bool
}

// A directory is migrated to S3. The first run is killed half-way, the second is
// interrupted, the third completes their work, and the fourth has nothing to do. At no time
// is there an incomplete object in the bucket.
func TestMigrate(t *testing.T) {
	t.Parallel()
	server := minio.Start(t)
	server.MakeBucket(t, "pictures")
	root := t.TempDir()
	want := plantOriginals(t, root)
	from, to := "file:"+root, "s3://pictures/all?region=us-east-1&endpoint="+server.Endpoint

	gate := newGate(t, server.Endpoint, isUpload, 30)
	cmd := migrate(t, "--from", from, "--to", gate.through(to), "--parallel", "2")
	gate.awaitClosed(t)
	endMigration(t, cmd, syscall.SIGKILL)
	wantObjects(t, server, want, false)

	gate = newGate(t, server.Endpoint, isUpload, 30)
	cmd = migrate(t, "--from", from, "--to", gate.through(to), "--parallel", "2")
	gate.awaitClosed(t)
	said := endMigration(t, cmd, syscall.SIGINT)
	if status := cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(said, "run it again to go on") {
		t.Errorf("after SIGINT: status %d, %s", status, said)
	}
	before := int64(wantObjects(t, server, want, false))

	got := migrateAll(t, "--from", from, "--to", to, "--verify")
	if got.There.Files != before || got.Copied.Files != int64(len(want))-before || !got.Complete || got.Conflicts+got.Failed+got.Gone != 0 {
		t.Errorf("%+v; want %d there and the rest of %d copied", got, before, len(want))
	}
	wantObjects(t, server, want, true)
	got = migrateAll(t, "--from", from, "--to", to)
	if got.Copied.Files != 0 || got.There.Files != int64(len(want)) {
		t.Errorf("again: %+v; want nothing copied", got)
	}
	t.Run("Back", func(t *testing.T) { testMigrateBack(t, to, want) })
	t.Run("Down", func(t *testing.T) { testMigrateDown(t, server, from, to) })
}

// testMigrateBack migrates back, and expects the same files.
func testMigrateBack(t *testing.T, to string, want map[string][]byte) {
	back := t.TempDir()
	if got := migrateAll(t, "--from", to, "--to", "file:"+back); got.Copied.Files != int64(len(want)) {
		t.Errorf("%+v; want %d copied", got, len(want))
	}
	for key, data := range want {
		if !bytes.Equal(e2e.Read(t, filepath.Join(back, key)), data) {
			t.Errorf("%q came back as something else", key)
		}
	}
}

// testMigrateDown stops S3 for a while in the middle of a migration, which loses nothing.
func testMigrateDown(t *testing.T, server *minio.Server, from, to string) {
	to = strings.Replace(to, "/all", "/again", 1)
	gate := newGate(t, server.Endpoint, isUpload, 30)
	cmd := migrate(t, "--from", from, "--to", gate.through(to), "--json", "--parallel", "2")
	out := cmd.Stdout.(*bytes.Buffer)
	gate.awaitClosed(t)
	server.Stop()
	gate.open()
	e2e.Eventually(t, "uploads fail", func() bool { return gate.failed.Load() > 1 })
	server.Restart(t)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, cmd.Stderr)
	}
	var got migrated
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Failed != 0 || got.Copied.Files+got.There.Files != planted {
		t.Errorf("%v, %s", err, out)
	}
}

// planted is the number of originals.
const planted = 120

// plantOriginals makes files: some with names that are easily mangled, and one that is
// uploaded in parts.
func plantOriginals(t *testing.T, root string) map[string][]byte {
	t.Helper()
	originals := map[string][]byte{}
	random := rand.NewChaCha8([32]byte{1})
	plant := func(key string, size int) {
		data := make([]byte, size)
		random.Read(data)
		originals[key] = data
		path := filepath.Join(root, key)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{
		"a b.jpg", "a+b.jpg", "100%25.jpg", "a%2Fb.jpg", "für/Größe ß.jpg", "🐈.gif", "q?x=1&y=2.jpg", "h#1.jpg",
		`say "hi".jpg`, "it's.jpg", "..dots..", ".hidden", "dot./x.", "UPPER.JPG", "upper.jpg", "deep/" + strings.Repeat("d/", 20) + "x.jpg",
	} {
		plant(key, 1000+len(originals))
	}
	plant("empty.jpg", 0)
	plant("large.tif", 9<<20)
	for len(originals) < planted {
		plant(fmt.Sprintf("photos/%d/%04d.jpg", len(originals)%7, len(originals)), 20_000+len(originals))
	}
	return originals
}

// migrate starts thumbery migrate.
func migrate(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(e2e.Binary, append([]string{"migrate"}, args...)...)
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func migrateAll(t *testing.T, args ...string) (m migrated) {
	t.Helper()
	cmd := migrate(t, append(args, "--json")...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	if err := json.Unmarshal(cmd.Stdout.(*bytes.Buffer).Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// endMigration ends a migration, which must not have finished by itself, and returns its
// log.
func endMigration(t *testing.T, cmd *exec.Cmd, signal os.Signal) string {
	t.Helper()
	_ = cmd.Process.Signal(signal)
	if err := cmd.Wait(); err == nil {
		t.Fatalf("it was done before it could be ended; %s", cmd.Stderr)
	}
	return fmt.Sprint(cmd.Stderr)
}

// wantObjects checks that the objects in the bucket are complete and returns their number;
// all says that none may be missing.
func wantObjects(t *testing.T, server *minio.Server, want map[string][]byte, all bool) (n int) {
	t.Helper()
	for key, data := range want {
		object, err := server.Client().GetObject(t.Context(), "pictures", "all/"+key, miniogo.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(object)
		_ = object.Close()
		switch missing := miniogo.ToErrorResponse(err).Code == miniogo.NoSuchKey; {
		case missing && !all:
		case err != nil || !bytes.Equal(got, data):
			t.Errorf("%q: %d bytes, %v; want the %d of the file", key, len(got), err, len(data))
		default:
			n++
		}
	}
	return n
}
