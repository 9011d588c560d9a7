package admin

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

// Notifications of MinIO (RELEASE.2025) and Amazon (S3 User Guide), and the one that Amazon
// sends when notifications are configured.
const (
	minioPut     = `{"EventName":"s3:ObjectCreated:Put","Key":"pictures/a b/cat+1.jpg","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T16:26:49.120Z","eventName":"s3:ObjectCreated:Put","userIdentity":{"principalId":"minioadmin"},"requestParameters":{"principalId":"minioadmin","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"17B2"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"pictures","ownerIdentity":{"principalId":"minioadmin"},"arn":"arn:aws:s3:::pictures"},"object":{"key":"a+b%2Fcat%2B1.jpg","size":4,"eTag":"098f6bcd4621d373cade4e832627b4f6","contentType":"image/jpeg","userMetadata":{"content-type":"image/jpeg"},"sequencer":"17B2"}},"source":{"host":"127.0.0.1","port":"","userAgent":"MinIO"}}]}`
	amazonDelete = `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectRemoved:Delete","s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule","bucket":{"name":"pictures","ownerIdentity":{"principalId":"A3"},"arn":"arn:aws:s3:::pictures"},"object":{"key":"%E7%8C%AB.jpg","sequencer":"0055"}}}]}`
	amazonTest   = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"pictures","RequestId":"5582815E1AEA5ADF","HostId":"8cLe"}`
)

func inEnvelope(message string) string {
	return fmt.Sprintf(`{"Type":"Notification","MessageId":"22b8","TopicArn":"arn:aws:sns:x","Message":%q,"Signature":"EX"}`, message)
}

func record(name, bucket, object string) string {
	return fmt.Sprintf(`{"eventName":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q}}}`, name, bucket, object)
}

func records(all ...string) string { return `{"Records":[` + strings.Join(all, ",") + `]}` }

// hookAdmin has a hook. Objects of the bucket "pictures" are served under one key, and those
// whose names begin with "two/" under two.
type hookAdmin struct {
	*testAdmin
	told     []string
	observed []string
	fail     map[variant.Key]error
}

func newHookAdmin() *hookAdmin {
	r := &hookAdmin{fail: map[variant.Key]error{}}
	tell := func(what string) func(variant.Key) error {
		return func(key variant.Key) error {
			r.told = append(r.told, what+" "+string(key))
			return r.fail[key]
		}
	}
	r.testAdmin = newTestAdmin(Config{Hook: &Hook{
		Secret: "open sesame", Created: tell("created"), Removed: tell("removed"),
		Keys: func(bucket, object string) []variant.Key {
			key, err := variant.ParseKey(object)
			switch {
			case err != nil || bucket != "pictures":
				return nil
			case strings.HasPrefix(object, "two/"):
				return []variant.Key{key, "again/" + key}
			}
			return []variant.Key{key}
		},
		Observe: func(outcome string) { r.observed = append(r.observed, outcome) },
	}})
	return r
}

func (r *hookAdmin) send(body string) (int, string) {
	return r.request("POST", "/hooks/s3", body, "Authorization", "Bearer open sesame")
}

func TestHook(t *testing.T) {
	t.Parallel()
	const none = `{"created":0,"removed":0,"ignored":0}`
	for _, c := range []struct {
		name, body, answer, told, observed string
	}{
		{"MinIO", minioPut, `{"created":1,"removed":0,"ignored":0}`, "created a b/cat+1.jpg", "created"},
		{"Amazon", amazonDelete, `{"created":0,"removed":1,"ignored":0}`, "removed 猫.jpg", "removed"},
		{"by SNS", inEnvelope(amazonDelete), `{"created":0,"removed":1,"ignored":0}`, "removed 猫.jpg", "removed"},
		{"a test", amazonTest, none, "", ""},
		{"a test by SNS", inEnvelope(amazonTest), none, "", ""},
		{"no records", `{"Records":[]}`, none, "", ""},
		{"goodbye of SNS", `{"Type":"UnsubscribeConfirmation","SubscribeURL":"https://x"}`, none, "", ""},
		{
			"several",
			records(
				record("ObjectCreated:CompleteMultipartUpload", "pictures", "two/a.jpg"), record("ObjectRemoved:DeleteMarkerCreated", "pictures", "b.jpg"),
				record("s3:LifecycleExpiration:Delete", "pictures", "c.jpg"), record("ObjectTagging:Put", "pictures", "d.jpg"),
			),
			`{"created":1,"removed":2,"ignored":1}`,
			"created two/a.jpg, created again/two/a.jpg, removed b.jpg, removed c.jpg", "created removed removed ignored",
		},
		{
			"what is not served",
			records(
				record("ObjectCreated:Put", "other", "a.jpg"), record("ObjectCreated:Put", "pictures", "../a.jpg"),
				record("ObjectCreated:Put", "pictures", "a%zz.jpg"), record("", "", ""), `{}`, `{"s3":{}}`, `null`,
			),
			`{"created":0,"removed":0,"ignored":7}`, "", "ignored ignored ignored ignored ignored ignored ignored",
		},
	} {
		r := newHookAdmin()
		status, answer := r.send(c.body)
		if status != 200 || answer != c.answer {
			t.Errorf("%s: %d %s, want %s", c.name, status, answer, c.answer)
		}
		if told, observed := strings.Join(r.told, ", "), strings.Join(r.observed, " "); told != c.told || observed != c.observed {
			t.Errorf("%s: told %q and observed %q, want %q and %q", c.name, told, observed, c.told, c.observed)
		}
	}
}

func TestHookRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"nothing":            {"", 400},
		"no JSON":            {"Records", 400},
		"two":                {minioPut + minioPut, 400},
		"another document":   {`{"hello":"world"}`, 400},
		"null":               {`null`, 400},
		"a list":             {`[]`, 400},
		"odd records":        {`{"Records":{"eventName":1}}`, 400},
		"an empty envelope":  {`{"Type":"Notification"}`, 400},
		"envelope in itself": {inEnvelope(inEnvelope(minioPut)), 400},
		"many":               {records(slices.Repeat([]string{"{}"}, maxEvents+1)...), 400},
		"large":              {`{"x":"` + strings.Repeat("x", maxNotification) + `"}`, 413},
	} {
		r := newHookAdmin()
		status, answer := r.send(c.body)
		if status != c.status || len(r.told) > 0 || strings.Join(r.observed, " ") != "malformed" || !strings.Contains(answer, "error") {
			t.Errorf("%s: %d %s, told %q, observed %q", name, status, answer, r.told, r.observed)
		}
	}
}

// An error makes the sender retry, and does not keep other records from being applied.
func TestHookFails(t *testing.T) {
	t.Parallel()
	r := newHookAdmin()
	r.fail["two/a.jpg"] = errors.New("disk on fire")
	body := records(record("ObjectCreated:Put", "pictures", "two/a.jpg"), record("ObjectRemoved:Delete", "pictures", "b.jpg"))
	status, answer := r.send(body)
	if want := `{"created":0,"removed":1,"ignored":0,"failed":1,"error":"some objects could not be removed from the cache; see the log"}`; status != 500 || answer != want {
		t.Errorf("%d %s", status, answer)
	}
	if told := strings.Join(r.told, ", "); told != "created two/a.jpg, created again/two/a.jpg, removed b.jpg" {
		t.Errorf("told %q", told)
	}
	if strings.Join(r.observed, " ") != "failed removed" || !strings.Contains(r.log.String(), "two/a.jpg: disk on fire") {
		t.Errorf("observed %q, logged %s", r.observed, &r.log)
	}
}

func TestHookSecret(t *testing.T) {
	t.Parallel()
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Authorization", "Bearer open sesame"}, 200},
		{[]string{"Authorization", "bearer  open sesame "}, 200},
		{[]string{"Authorization", basic("thumbery", "open sesame")}, 200},
		{[]string{"Authorization", basic("", "open sesame")}, 200},
		{nil, 401},
		{[]string{"Authorization", ""}, 401},
		{[]string{"Authorization", "Bearer"}, 401},
		{[]string{"Authorization", "Bearer "}, 401},
		{[]string{"Authorization", "open sesame"}, 401},
		{[]string{"Authorization", "Bearer open sesam"}, 401},
		{[]string{"Authorization", "Bearer open sesame!"}, 401},
		{[]string{"Authorization", "Bearer Open Sesame"}, 401},
		{[]string{"Authorization", basic("open sesame", "")}, 401},
		{[]string{"Authorization", "Bearer x", "Authorization", "Bearer open sesame"}, 401},
	} {
		r := newHookAdmin()
		status, _ := r.request("POST", "/hooks/s3", minioPut, c.headers...)
		if status != c.status || (len(r.told) > 0) != (c.status == 200) {
			t.Errorf("%q: %d, told %q", c.headers, status, r.told)
		}
		if status == 401 && strings.Join(r.observed, " ") != "forbidden" {
			t.Errorf("%q: observed %q", c.headers, r.observed)
		}
	}
	for _, hook := range []*Hook{nil, {}} {
		o := newTestAdmin(Config{Hook: hook})
		if status, answer := o.request("POST", "/hooks/s3", minioPut, "Authorization", "Bearer "); status != 403 || !strings.Contains(answer, "--hook-secret") {
			t.Errorf("without a secret: %d %s", status, answer)
		}
	}
	if status, _ := newHookAdmin().request("GET", "/hooks/s3", "", "Authorization", "Bearer open sesame"); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

// The URL of a subscription is not called, but logged for a person to open.
func TestHookSubscription(t *testing.T) {
	t.Parallel()
	r := newHookAdmin()
	status, answer := r.send(`{"Type":"SubscriptionConfirmation","Token":"2336","SubscribeURL":"https://sns.example/?Action=ConfirmSubscription"}`)
	if status != 200 || !strings.Contains(answer, `"created":0`) || !strings.Contains(r.log.String(), "https://sns.example/?Action=ConfirmSubscription") {
		t.Errorf("%d %s, log %s", status, answer, &r.log)
	}
}

func TestChangeOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]change{
		"s3:ObjectCreated:Put": created, "ObjectCreated:Put": created, "ObjectCreated:Copy": created, "s3:ObjectCreated:Post": created,
		"s3:ObjectCreated:CompleteMultipartUpload": created, "ObjectRemoved:Delete": removed, "s3:ObjectRemoved:DeleteAllVersions": removed,
		"s3:ObjectRemoved:DeleteMarkerCreated": removed, "LifecycleExpiration:DeleteMarkerCreated": removed,
		"s3:LifecycleDelMarkerExpiration:Delete": removed,
		"s3:ObjectCreated:PutTagging":            otherChange, "s3:ObjectCreated:PutRetention": otherChange, "s3:ObjectRemoved:NoOP": otherChange,
		"s3:ObjectAccessed:Get": otherChange, "ObjectRestore:Completed": otherChange, "": otherChange, "s3:": otherChange,
		"ReducedRedundancyLostObject": otherChange, "Created": otherChange, "s3:s3:ObjectCreated:Put": otherChange,
	} {
		if got := changeOf(name); got != want {
			t.Errorf("changeOf(%q) = %v, want %v", name, got, want)
		}
	}
}

func FuzzParseNotification(f *testing.F) {
	for _, body := range []string{
		minioPut, amazonDelete, amazonTest, inEnvelope(amazonDelete), records(record("ObjectCreated:Put", "b", "%zz")),
		`{"Type":"SubscriptionConfirmation","SubscribeURL":"https://x"}`, `null`, `{"Records":null}`, `{"records":[{"S3":null}]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		events, subscribe, err := parseNotification([]byte(body))
		if err != nil && (!errors.Is(err, errNotification) || events != nil || subscribe != "") {
			t.Errorf("%v with %v and %q", err, events, subscribe)
		}
		if len(events) > maxEvents || subscribe != "" && events != nil {
			t.Errorf("%d events and %q", len(events), subscribe)
		}
		for _, e := range events {
			if e.change != otherChange && e.change != changeOf(e.name) {
				t.Errorf("%+v", e)
			}
		}
	})
}
