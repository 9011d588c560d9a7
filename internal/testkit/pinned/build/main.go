// Command build builds the servers that the tests use ahead of them, and prints
// where they are.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, tool := range []pinned.Tool{minio.Tool(), toxiproxy.Tool()} {
		path, err := tool.Binary(ctx, os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(path)
	}
}
