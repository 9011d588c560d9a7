package shared_test

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/crc32"
	"io"
	"log/slog"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// store is a cache.Store that writes at once, and knows no last use.
type store struct {
	*shared.Store
	fill *cachetest.Fake // reads bodies
}

var _ cache.Store = store{}

func newStore(b shared.Bucket) store {
	s := shared.New(shared.Config{
		Bucket: b, HedgeAfter: time.Minute, Observer: &counts{all: map[string]int{}}, Log: slog.New(slog.DiscardHandler),
		Epochs: new(cache.Epochs), Valid: func(shared.Object) bool { return true }, Now: time.Now,
	})
	return store{s, cachetest.NewFake()}
}

func (s store) Open(name variant.Name) (*cache.Blob, error) {
	o, err := s.Get(context.Background(), name)
	if err != nil {
		return nil, err
	}
	return cache.InMemory(o.Data, o.ModTime), nil
}

func (s store) Peek(name variant.Name) (*cache.Blob, error) { return s.Open(name) }

func (s store) Touch(name variant.Name) (cache.Stat, error) {
	o, err := s.Get(context.Background(), name)
	return cache.Stat{Size: int64(len(o.Data)), ModTime: o.ModTime}, err
}

func (s store) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	b, err := s.fill.Fill(ctx, name, r, modTime)
	if err != nil {
		return nil, err
	}
	data, err := b.Bytes()
	if err != nil || len(data) == 0 {
		return b, s.Remove(name)
	}
	s.Keep(ctx, shared.Entry{
		Object: shared.Object{Data: data, Sum: crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)), ModTime: b.ModTime, MediaType: "x"},
		Name:   name, Epoch: s.Epochs.At(name), Waits: true,
	})
	return cache.InMemory(bytes.Clone(data), b.ModTime), s.Drain(ctx)
}

func (s store) Remove(name variant.Name) error {
	if err := cache.CheckName(name); err != nil {
		return err
	}
	return s.Bucket.Delete(context.Background(), string(name))
}

func (s store) RemoveSource(source variant.Name) (files int, bytes int64, err error) {
	ctx := context.Background()
	if err := cache.CheckName(source); err != nil {
		return 0, 0, err
	}
	for key := range s.Bucket.List(ctx, string(source)) {
		body, _, err := s.Bucket.Get(ctx, key, 1<<30)
		if err != nil {
			return 0, 0, err
		}
		files, bytes = files+1, bytes+int64(len(body))
	}
	return files, bytes, s.Store.Remove(ctx, source)
}

func (s store) Check() error { return s.Bucket.Check(context.Background()) }

func TestFake(t *testing.T) {
	t.Parallel()
	s := newStore(cachetest.NewBucket())
	cachetest.Run(t, func(*testing.T) cache.Store { return s })
}

func TestMinIO(t *testing.T) {
	t.Parallel()
	server := minio.Start(t)
	server.MakeBucket(t, "cache")
	u, err := url.Parse("s3://cache/some/prefix?endpoint=" + server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s3.OpenBucket(u, s3.Options{AccessKey: server.AccessKey, SecretKey: server.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(b)
	t.Run("conformance", func(t *testing.T) { cachetest.Run(t, func(*testing.T) cache.Store { return s }) })
	t.Run("invalid objects", func(t *testing.T) { testInvalid(t, b) })
	t.Run("lifecycle rule", func(t *testing.T) { testLifecycle(t, server) })
}

// testLifecycle: the server takes the rule as mc ilm import sends it.
func testLifecycle(t *testing.T, server *minio.Server) {
	file, err := os.Open("../../deploy/shared-lifecycle.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rule, d := lifecycle.NewConfiguration(), json.NewDecoder(file)
	d.DisallowUnknownFields()
	if err := d.Decode(rule); err != nil {
		t.Fatal(err)
	}
	if err := server.Client().SetBucketLifecycle(t.Context(), "cache", rule); err != nil {
		t.Fatal(err)
	}
	got, err := server.Client().GetBucketLifecycle(t.Context(), "cache")
	if err != nil || len(got.Rules) != 1 || got.Rules[0].Expiration.Days != 60 || got.Rules[0].RuleFilter.Prefix != "derivatives/" || got.Rules[0].Status != "Enabled" {
		t.Errorf("%+v, %v", got, err)
	}
}
