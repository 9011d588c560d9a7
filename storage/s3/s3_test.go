package s3_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// TestMinIO is everything that a real server can be asked to do.
func TestMinIO(t *testing.T) {
	server := minio.Start(t)
	t.Run("Conforms", func(t *testing.T) {
		var n atomic.Int32
		for _, prefix := range []string{"", "pre fix/ü+b%/c#d?e"} {
			t.Run(prefix, func(t *testing.T) {
				t.Parallel()
				filled := func(t *testing.T, objects map[string][]byte) storage.Origin {
					bucket := fmt.Sprintf("conforms-%d", n.Add(1))
					fill(t, server, bucket, prefix, objects)
					return open(t, server, bucket, prefix, "")
				}
				storagetest.Run(t, filled)
				storagetest.RunWriter(t, filled)
				storagetest.RunLister(t, filled)
				storagetest.RunLinker(t, filled, browse)
			})
		}
	})
	t.Run("PrefixBounds", func(t *testing.T) { testPrefixBounds(t, server) })
	t.Run("Refusals", func(t *testing.T) { testRefusals(t, server) })
	t.Run("OneObject", func(t *testing.T) { testOneObject(t, server) })
	t.Run("Anonymous", func(t *testing.T) { testAnonymous(t, server) })
	t.Run("Environment", func(t *testing.T) { testEnvironment(t, server) })
	t.Run("Put", func(t *testing.T) { testPut(t, server) })
	t.Run("Bucket", func(t *testing.T) { testBucket(t, server) })
	t.Run("Links", func(t *testing.T) { testLinks(t, server) })
	t.Run("Encrypted", func(t *testing.T) { testEncrypted(t, server) }) // it restarts the server
	t.Run("Region", func(t *testing.T) { testRegion(t, server) })
	t.Run("Down", func(t *testing.T) { testDown(t, server) }) // last: it stops the server
}

// testPrefixBounds: what is beside the prefix cannot be reached.
func testPrefixBounds(t *testing.T, server *minio.Server) {
	fill(t, server, "bounds", "", map[string][]byte{"in/a": []byte("a"), "inside": []byte("b"), "out": []byte("c")})
	origin := open(t, server, "bounds", "in", "")
	if got, err := readAll(t, origin, "a"); err != nil || got != "a" {
		t.Errorf("a: %q, %v", got, err)
	}
	for _, key := range []string{"side", "in/a", "out", "inside"} {
		if got, err := readAll(t, origin, key); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %q, %v; want ErrNotFound", key, got, err)
		}
	}
}

// testRefusals: a backend that says no to us does not say that there is no object.
func testRefusals(t *testing.T, server *minio.Server) {
	fill(t, server, "refusals", "", map[string][]byte{"a": []byte("a")})
	tests := []struct {
		name, bucket, access, secret, query, text string
	}{
		{"no such bucket", "nowhere", server.AccessKey, server.SecretKey, "", "NoSuchBucket"},
		{"no such bucket, region given", "nowhere", server.AccessKey, server.SecretKey, "&region=us-east-1", "NoSuchBucket"},
		{"wrong secret", "refusals", server.AccessKey, "wrong-secret", "", "SignatureDoesNotMatch"},
		{"wrong user", "refusals", "nobody-we-know", "wrong-secret", "", "InvalidAccessKeyId"},
		{"not public", "refusals", "", "", "&anonymous=true", "s3:ListBucket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin := openAs(t, server, tt.bucket, "", tt.query, s3.Options{AccessKey: tt.access, SecretKey: tt.secret})
			for _, key := range []string{"a", "missing"} {
				_, err := origin.Open(t.Context(), key, storage.Version{})
				wantUnavailable(t, err, tt.text)
			}
			wantUnavailable(t, origin.Check(t.Context()), tt.text)
		})
	}
}

// testEncrypted: an object whose key is not to be had any more is refused, and
// others are not.
func testEncrypted(t *testing.T, server *minio.Server) {
	before := server.Environment
	server.Environment = append([]string{"MINIO_KMS_SECRET_KEY=key:" + base64.StdEncoding.EncodeToString(make([]byte, 32))}, before...)
	server.Restart(t)
	fill(t, server, "encrypted", "", map[string][]byte{"plain": []byte("a")})
	options := client.PutObjectOptions{ServerSideEncryption: encrypt.NewSSE()}
	if _, err := server.Client().PutObject(t.Context(), "encrypted", "secret", strings.NewReader("a"), 1, options); err != nil {
		t.Fatal(err)
	}
	server.Environment = before
	server.Restart(t)
	o := breaker.New(open(t, server, "encrypted", "", ""), breaker.Observer{})
	for range 8 {
		if _, err := readAll(t, o, "secret"); !errors.Is(err, storage.ErrRefused) {
			t.Fatalf("%v, want ErrRefused", err)
		}
	}
	if got, err := readAll(t, o, "plain"); got != "a" || err != nil || o.Down() {
		t.Errorf("after that: %q, %v", got, err)
	}
}

// testOneObject: keys that MinIO answers with a 400 say nothing about the others.
// variant.ParseKey lets only some of them through.
func testOneObject(t *testing.T, server *minio.Server) {
	fill(t, server, "one-object", "", map[string][]byte{"a": []byte("a")})
	o := breaker.New(open(t, server, "one-object", "", ""), breaker.Observer{})
	for _, key := range []string{`a\..\b`, `a\.`, "a/ .. /b", `..\b`, `a\ . \b`, "a/../b"} {
		for range 3 {
			if _, err := readAll(t, o, key); !errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrNotFound", key, err)
			}
		}
	}
	if got, err := readAll(t, o, "a"); got != "a" || err != nil || o.Down() {
		t.Errorf("after that: %q, %v", got, err)
	}
}

func testAnonymous(t *testing.T, server *minio.Server) {
	fill(t, server, "public", "", map[string][]byte{"a": []byte("a")})
	server.MakePublic(t, "public")
	origin := openAs(t, server, "public", "", "&anonymous=true", s3.Options{})
	if got, err := readAll(t, origin, "a"); err != nil || got != "a" {
		t.Errorf("a: %q, %v", got, err)
	}
	if _, err := origin.Open(t.Context(), "missing", storage.Version{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("missing: %v, want ErrNotFound", err)
	}
	if err := origin.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// testEnvironment: the credentials that people give.
func testEnvironment(t *testing.T, server *minio.Server) {
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // no test asks the real service
	fill(t, server, "environment", "", map[string][]byte{"a": []byte("a")})
	if got, err := readAll(t, openAs(t, server, "environment", "", "", s3.Options{}), "a"); err != nil || got != "a" {
		t.Errorf("a: %q, %v", got, err)
	}
}

func testRegion(t *testing.T, server *minio.Server) {
	fill(t, server, "region", "", map[string][]byte{"a": []byte("a")})
	for _, query := range []string{"", "&region=us-east-1", "&lookup=path"} {
		if got, err := readAll(t, open(t, server, "region", "", query), "a"); err != nil || got != "a" {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
}

// testDown: the server goes away in the middle of a body, and comes back.
func testDown(t *testing.T, server *minio.Server) {
	large := make([]byte, 32<<20) // more than the sockets' buffers hold
	fill(t, server, "down", "", map[string][]byte{"large": large, "a": []byte("a")})
	origin := open(t, server, "down", "", "")
	object, err := origin.Open(t.Context(), "large", storage.Version{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(object.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	_, err = io.ReadAll(object.Body)
	wantUnavailable(t, err, "s3://down")
	if err := object.Body.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, err = origin.Open(t.Context(), "a", storage.Version{})
	wantUnavailable(t, err, "refused")
	wantUnavailable(t, origin.Check(t.Context()), "refused")

	server.Restart(t)
	if got, err := readAll(t, origin, "a"); err != nil || got != "a" {
		t.Errorf("after the restart: %q, %v", got, err)
	}
}

func fill(t *testing.T, server *minio.Server, bucket, prefix string, objects map[string][]byte) {
	t.Helper()
	server.MakeBucket(t, bucket)
	if prefix != "" {
		prefix += "/"
	}
	if len(objects) > 100 {
		fillAtOnce(t, server, bucket, prefix, objects)
		return
	}
	keys := make(chan string)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for key := range keys {
				_, err := server.Client().PutObject(
					t.Context(), bucket, prefix+key, bytes.NewReader(objects[key]), int64(len(objects[key])), client.PutObjectOptions{},
				)
				if err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
	for key := range objects {
		keys <- key
	}
	close(keys)
	all.Wait()
}

// fillAtOnce sends all objects in one archive, which MinIO unpacks.
func fillAtOnce(t *testing.T, server *minio.Server, bucket, prefix string, objects map[string][]byte) {
	t.Helper()
	archive := make(chan client.SnowballObject, len(objects))
	for key, data := range objects {
		archive <- client.SnowballObject{Key: prefix + key, Size: int64(len(data)), ModTime: time.Now(), Content: bytes.NewReader(data)}
	}
	close(archive)
	if err := server.Client().PutObjectsSnowball(t.Context(), bucket, client.SnowballOptions{InMemory: true}, archive); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, server *minio.Server, bucket, prefix, query string) *s3.Origin {
	t.Helper()
	return openAs(t, server, bucket, prefix, query, s3.Options{AccessKey: server.AccessKey, SecretKey: server.SecretKey})
}

func openAs(t *testing.T, server *minio.Server, bucket, prefix, query string, options s3.Options) *s3.Origin {
	t.Helper()
	u := &url.URL{Scheme: "s3", Host: bucket, Path: "/" + prefix, RawQuery: "endpoint=" + server.Endpoint + query}
	parsed, err := url.Parse(u.String())
	if err != nil {
		t.Fatal(err)
	}
	origin, err := s3.Open(parsed, options)
	if err != nil {
		t.Fatal(err)
	}
	return origin
}

func readAll(t *testing.T, origin storage.Origin, key string) (string, error) {
	t.Helper()
	object, err := origin.Open(t.Context(), key, storage.Version{})
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	return string(got), err
}

func wantUnavailable(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrNotFound) || !strings.Contains(err.Error(), text) {
		t.Errorf("error is %v, want ErrUnavailable only, with %q", err, text)
	}
}
