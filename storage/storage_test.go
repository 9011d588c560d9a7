package storage_test

import (
	"context"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func withBreaker(o storage.Backend) *breaker.Origin { return breaker.New(o, breaker.Observer{}) }

func mirrors(origins ...storage.Origin) storage.Origin {
	return hedge.Mirrors(nil, hedge.Observer{}, origins...)
}

// open opens and reads an object, and returns the error of either.
func open(ctx context.Context, o storage.Origin, key string) error {
	_, err := storagetest.Read(ctx, o, key)
	return err
}
