package minio

import "github.com/thumbery/thumbery/internal/testkit/pinned"

// Tool is the MinIO server that tools/minio.mod pins.
func Tool() pinned.Tool {
	const module = "github.com/minio/minio"
	return pinned.Tool{Name: "minio", Module: module, Package: module}
}
