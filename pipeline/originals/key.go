package originals

import (
	"context"

	"github.com/thumbery/thumbery/variant"
)

type keyOfWork struct{}

// WithKey returns ctx for work on a picture, so that the log can name the picture.
func WithKey(ctx context.Context, key variant.Key) context.Context {
	return context.WithValue(ctx, keyOfWork{}, key)
}

// KeyOf returns the key of the picture that ctx is for; "" if it is for none.
func KeyOf(ctx context.Context) variant.Key {
	key, _ := ctx.Value(keyOfWork{}).(variant.Key)
	return key
}
