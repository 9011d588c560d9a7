package e2e

import (
	"testing"

	"github.com/minio/minio-go/v7/pkg/notification"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// Notify has a MinIO notify an admin listener, by its base URL, of all changes of a bucket
// to objects with a prefix. MinIO is started again for that.
func Notify(t *testing.T, store *minio.Server, bucket, prefix, admin, secret string) {
	t.Helper()
	store.Environment = []string{
		"MINIO_NOTIFY_WEBHOOK_ENABLE_THUMBERY=on", "MINIO_NOTIFY_WEBHOOK_ENDPOINT_THUMBERY=" + admin + "/hooks/s3",
		"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_THUMBERY=" + secret,
	}
	store.Restart(t)
	told := notification.NewConfig(notification.NewArn("minio", "sqs", "", "THUMBERY", "webhook"))
	told.AddEvents(notification.ObjectCreatedAll, notification.ObjectRemovedAll)
	told.AddFilterPrefix(prefix)
	var wanted notification.Configuration
	wanted.AddQueue(told)
	Eventually(t, "MinIO, which has just begun, knows where its notifications go", func() bool {
		return store.Client().SetBucketNotification(t.Context(), bucket, wanted) == nil
	})
}
