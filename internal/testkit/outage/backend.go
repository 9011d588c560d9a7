package outage

import (
	"fmt"
	"sync"

	"github.com/thumbery/thumbery/internal/testkit/faults"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

// Bucket is where the pictures are.
const Bucket = "pictures"

// Place is a way to a MinIO that can be broken: toxiproxy, then faults, then
// MinIO. Its methods are for one goroutine at a time.
type Backend struct {
	toxi *toxiproxy.Proxy
	http *faults.Proxy
}

// NewPlace makes a way to store. Names differ.
func NewBackend(t pinned.T, proxies *toxiproxy.Server, store *minio.Server, name string) *Backend {
	t.Helper()
	p := &Backend{http: faults.Start(t, store.Endpoint[len("http://"):])}
	p.toxi = proxies.New(t, name, p.http.Address)
	return p
}

// Source is the URL of the bucket by this way.
func (p *Backend) Source() string {
	return fmt.Sprintf("s3://%s?endpoint=http://%s", Bucket, p.toxi.Address)
}

// Heal ends every fault, and closes the connections that there are.
func (p *Backend) Heal() error {
	p.http.Set(faults.None)
	return p.toxi.Clear()
}

// Key is the key of a numbered picture.
func Key(n int) string { return fmt.Sprintf("p/%d.jpg", n) }

// Fill makes the bucket, with the pictures 0 to count-1 of a size.
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
