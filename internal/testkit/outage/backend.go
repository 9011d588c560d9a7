package outage

import (
	"fmt"
	"sync"

	"github.com/thumbery/thumbery/internal/testkit/faults"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

// Bucket is the name of the bucket.
const Bucket = "pictures"

// Backend is a MinIO behind proxies that can break it: toxiproxy, then faults. Its methods
// are for one goroutine at a time.
type Backend struct {
	toxi *toxiproxy.Proxy
	http *faults.Proxy
}

// NewBackend puts proxies in front of a MinIO. Names must differ.
func NewBackend(t pinned.T, proxies *toxiproxy.Server, store *minio.Server, name string) *Backend {
	t.Helper()
	p := &Backend{http: faults.Start(t, store.Endpoint[len("http://"):])}
	p.toxi = proxies.New(t, name, p.http.Address)
	return p
}

// Source is the bucket's URL through the proxies.
func (p *Backend) Source() string {
	return fmt.Sprintf("s3://%s?endpoint=http://%s", Bucket, p.toxi.Address)
}

// Restore ends every fault and closes all connections.
func (p *Backend) Restore() error {
	p.http.Set(faults.None)
	return p.toxi.Clear()
}

// Key is the key of a numbered picture.
func Key(n int) string { return fmt.Sprintf("p/%d.jpg", n) }

// Fill makes the bucket, with the pictures 0 to count-1 in a size.
func Fill(t pinned.T, store *minio.Server, count, width, height int) {
	t.Helper()
	store.MakeBucket(t, Bucket)
	const uploads = 4
	errs := make([]error, uploads)
	var all sync.WaitGroup
	for worker := range uploads {
		all.Go(func() {
			for n := worker; n < count && errs[worker] == nil; n += uploads {
				errs[worker] = store.Upload(t.Context(), Bucket, Key(n), Picture(n, width, height))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
