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
	"time"

	"github.com/thumbery/thumbery/e2e"

	miniogo "github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// migrated is the summary of thumbery migrate --json.
type migrated struct {
	Copied, There           struct{ Files, Bytes int64 }
	Conflicts, Failed, Gone int64
	Complete                bool
}

// A directory is moved to S3. The first run is killed in the middle, the second is
// interrupted, and the third finishes what they began; the fourth has nothing to
// do. At no moment is there anything in the bucket that is not whole.
func TestMigrate(t *testing.T) {
	server := minio.Start(t)
	server.MakeBucket(t, "pictures")
	root := t.TempDir()
	want := plantOriginals(t, root)
	from, to := "file:"+root, "s3://pictures/all?region=us-east-1&endpoint="+server.Endpoint

	cmd := migrate(t, server, "--from", from, "--to", to, "--parallel", "2")
	waitForObjects(t, server, 60, cmd)
	endMigration(t, cmd, syscall.SIGKILL)
	before := int64(wantObjects(t, server, want, false))

	cmd = migrate(t, server, "--from", from, "--to", to, "--parallel", "2")
	waitForObjects(t, server, int(before)+60, cmd)
	said := endMigration(t, cmd, syscall.SIGINT)
	if status := cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(said, "run it again to go on") {
		t.Errorf("after SIGINT: status %d, %s", status, said)
	}
	before = int64(wantObjects(t, server, want, false))

	got := migrateAll(t, server, "--from", from, "--to", to, "--verify")
	if got.There.Files != before || got.Copied.Files != int64(len(want))-before || !got.Complete || got.Conflicts+got.Failed+got.Gone != 0 {
		t.Errorf("%+v; want %d there and the rest of %d copied", got, before, len(want))
	}
	wantObjects(t, server, want, true)
	got = migrateAll(t, server, "--from", from, "--to", to)
	if got.Copied.Files != 0 || got.There.Files != int64(len(want)) {
		t.Errorf("again: %+v; want nothing copied", got)
	}
	t.Run("Back", func(t *testing.T) { testMigrateBack(t, server, to, want) })
	t.Run("Down", func(t *testing.T) { testMigrateDown(t, server, from, to) })
}

// testMigrateBack: what comes back from S3 is what went there.
func testMigrateBack(t *testing.T, server *minio.Server, to string, want map[string][]byte) {
	back := t.TempDir()
	if got := migrateAll(t, server, "--from", to, "--to", "file:"+back); got.Copied.Files != int64(len(want)) {
		t.Errorf("%+v; want %d copied", got, len(want))
	}
	for key, data := range want {
		if !bytes.Equal(e2e.Read(t, filepath.Join(back, key)), data) {
			t.Errorf("%q came back as something else", key)
		}
	}
}

// testMigrateDown: S3 hangs for a moment in the middle, and nothing is lost by it.
func testMigrateDown(t *testing.T, server *minio.Server, from, to string) {
	to = strings.Replace(to, "/all", "/again", 1)
	cmd := migrate(t, server, "--from", from, "--to", to, "--json", "--parallel", "2")
	out := cmd.Stdout.(*bytes.Buffer)
	waitForObjects(t, server, 350, cmd)
	server.Stop()
	server.Restart(t)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, cmd.Stderr)
	}
	var got migrated
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Failed != 0 || got.Copied.Files+got.There.Files != 300 {
		t.Errorf("%v, %s", err, out)
	}
}

// plantOriginals makes 300 files, some with names that are easily spoilt, and one
// that is uploaded in parts.
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
	for len(originals) < 300 {
		plant(fmt.Sprintf("photos/%d/%04d.jpg", len(originals)%7, len(originals)), 100_000+len(originals))
	}
	return originals
}

// migrate starts the program.
func migrate(t *testing.T, server *minio.Server, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(e2e.Binary, append([]string{"migrate"}, args...)...)
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func migrateAll(t *testing.T, server *minio.Server, args ...string) (m migrated) {
	t.Helper()
	cmd := migrate(t, server, append(args, "--json")...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	if err := json.Unmarshal(cmd.Stdout.(*bytes.Buffer).Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// waitForObjects returns when there are n objects in the bucket.
func waitForObjects(t *testing.T, server *minio.Server, n int, cmd *exec.Cmd) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for count := 0; count < n; {
		count = 0
		for object := range server.Client().ListObjects(t.Context(), "pictures", miniogo.ListObjectsOptions{Recursive: true}) {
			if object.Err != nil {
				t.Fatal(object.Err)
			}
			count++
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d objects after a minute, want %d; %s", count, n, cmd.Stderr)
		}
	}
}

// endMigration ends a migration, which must not have ended by itself, and returns
// what it said.
func endMigration(t *testing.T, cmd *exec.Cmd, signal os.Signal) string {
	t.Helper()
	_ = cmd.Process.Signal(signal)
	if err := cmd.Wait(); err == nil {
		t.Fatalf("it was done before it could be ended; %s", cmd.Stderr)
	}
	return fmt.Sprint(cmd.Stderr)
}

// wantObjects checks that what is in the bucket is whole, and returns how many
// there are; all says that none may be missing.
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
