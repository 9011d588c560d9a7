package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// change is what has happened to an object.
type change uint8

// The values of change.
const (
	otherChange change = iota // nothing that its bytes depend on
	created                   // it is there, and may have been before
	removed
)

// String is the change's name in logs, metrics and answers.
func (c change) String() string {
	return [...]string{"ignored", "created", "removed"}[c]
}

// event is one record of a notification.
type event struct {
	change         change
	name           string // as the sender calls it
	bucket, object string
}

// notification is what S3, MinIO and others that speak as they do send about a
// bucket (Amazon S3 User Guide, Event message structure), as it is or in an
// envelope of Amazon SNS (SNS Developer Guide, Parsing message formats).
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
	// Event is "s3:TestEvent" in what Amazon sends when notifications are
	// configured.
	Event string
	// Type, Message and SubscribeURL are those of the envelope.
	Type, Message, SubscribeURL string
}

const (
	// maxNotification bounds a notification, in bytes. SNS bounds its own by 256
	// KiB, and of MinIO each has one record.
	maxNotification = 1 << 20
	// maxEvents bounds its records: each costs looking through a directory.
	maxEvents = 1000
)

// errNotification means that a body is no notification.
var errNotification = errors.New("no bucket notification")

// parseNotification reads a body. subscribe is the URL at which a subscription of
// SNS is to be confirmed, or "". Errors are of kind errNotification.
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
		return nil, "", fmt.Errorf("%w: it has %d Records, and may have %d", errNotification, len(n.Records), maxEvents)
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
		object, err := url.QueryUnescape(r.S3.Object.Key) // a space is "+" there
		if err != nil {
			e.change, object = otherChange, r.S3.Object.Key
		}
		e.object = object
		events = append(events, e)
	}
	return events
}

// changeOf tells what an event means. Amazon calls one ObjectCreated:Put, MinIO
// and others s3:ObjectCreated:Put. MinIO has new tags and locks among what
// creates, and the removal of nothing among what removes.
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
