package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

type change uint8

// The values of change.
const (
	otherChange change = iota // nothing that changes its bytes
	created                   // or overwritten
	removed
)

// String is the outcome of a record with this change, in logs, metrics and answers.
func (c change) String() string {
	return [...]string{"ignored", "created", "removed"}[c]
}

type event struct {
	change         change
	name           string // the sender's, for the log
	bucket, object string
}

// notification is what S3, MinIO and compatible servers send (Amazon S3 User Guide, Event
// message structure), as it is or in an envelope of Amazon SNS (SNS Developer Guide,
// Parsing message formats).
type notification struct {
	Records []struct {
		EventName string `json:"eventName"`
		S3        struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"s3"`
	}
	// Event is "s3:TestEvent" in the message that Amazon sends when notifications are
	// configured.
	Event string
	// Type, Message and SubscribeURL are those of the envelope.
	Type, Message, SubscribeURL string
}

const (
	// maxNotification bounds a notification, in bytes. Those of SNS have at most 256 KiB,
	// those of MinIO one record.
	maxNotification = 1 << 20
	// maxEvents bounds the records of a notification: each costs a walk through a
	// directory.
	maxEvents = 1000
)

// errNotification means that a body is not a notification.
var errNotification = errors.New("not a bucket notification")

// parseNotification parses a body. subscribe is the URL that confirms a subscription of SNS,
// or "". Errors wrap errNotification.
func parseNotification(body []byte) (events []event, subscribe string, err error) {
	n, err := decodeNotification(body)
	if err != nil {
		return nil, "", err
	}
	switch n.Type {
	case "SubscriptionConfirmation":
		return nil, n.SubscribeURL, nil
	case "UnsubscribeConfirmation":
		return nil, "", nil
	case "Notification":
		if n, err = decodeNotification([]byte(n.Message)); err != nil {
			return nil, "", err
		}
	}
	switch {
	case n.Event == "s3:TestEvent":
		return nil, "", nil
	case n.Records == nil:
		return nil, "", fmt.Errorf("%w: it has no Records", errNotification)
	case len(n.Records) > maxEvents:
		return nil, "", fmt.Errorf("%w: it has %d Records, the limit is %d", errNotification, len(n.Records), maxEvents)
	}
	return n.events(), "", nil
}

func decodeNotification(body []byte) (n notification, err error) {
	if err := json.Unmarshal(body, &n); err != nil {
		return notification{}, fmt.Errorf("%w: %w", errNotification, err)
	}
	return n, nil
}

func (n notification) events() []event {
	events := make([]event, 0, len(n.Records))
	for _, r := range n.Records {
		e := event{change: changeOf(r.EventName), name: r.EventName, bucket: r.S3.Bucket.Name}
		object, err := url.QueryUnescape(r.S3.Object.Key) // a space is sent as "+"
		if err != nil {
			e.change, object = otherChange, r.S3.Object.Key
		}
		e.object = object
		events = append(events, e)
	}
	return events
}

// changeOf returns what an event means. Its name is ObjectCreated:Put with Amazon, and
// s3:ObjectCreated:Put with MinIO and others. MinIO reports new tags and locks as
// ObjectCreated, and the removal of an object that does not exist as ObjectRemoved.
func changeOf(name string) change {
	kind, how, _ := strings.Cut(strings.TrimPrefix(name, "s3:"), ":")
	switch kind {
	case "ObjectCreated":
		switch how {
		case "PutTagging", "DeleteTagging", "PutRetention", "PutLegalHold":
			return otherChange
		}
		return created
	case "ObjectRemoved", "LifecycleExpiration", "LifecycleDelMarkerExpiration":
		if how == "NoOP" {
			return otherChange
		}
		return removed
	}
	return otherChange
}
