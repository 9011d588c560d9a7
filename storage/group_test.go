package storage_test

import (
	"testing"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestAs(t *testing.T) {
	t.Parallel()
	plain, store := storagetest.Named("plain"), storagetest.NewStore(nil)
	tests := []struct {
		origin storage.Origin
		want   bool
	}{
		{plain, false},
		{store, true},
		{withBreaker(plain), false},
		{withBreaker(store), true},
		{withBreaker(withBreaker(store)), true},
		{mirrors(withBreaker(plain), plain), false},
		{mirrors(plain, withBreaker(store)), true},
	}
	for _, tt := range tests {
		_, writer := storage.As[storage.Writer](tt.origin)
		_, lister := storage.As[storage.Lister](tt.origin)
		_, linker := storage.As[storage.Linker](tt.origin)
		if writer != tt.want || lister != tt.want || linker != tt.want {
			t.Errorf("%T of %v: Writer %t, Lister %t, Linker %t; want %t", tt.origin, tt.origin, writer, lister, linker, tt.want)
		}
	}
}
