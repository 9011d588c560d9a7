// Command build builds the MinIO server that the tests use ahead of them, and
// prints where it is.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/thumbery/thumbery/internal/minio"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	path, err := minio.Binary(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(path)
}
