package frontcache

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// api is a handler as a transport: it answers without a network.
type api func(w http.ResponseWriter, r *http.Request)

func (a api) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	a(w, r)
	return w.Result(), nil
}

// Values that the fakes know.
const (
	fakeZone         = "023e105f4ecef8ad9ca31a8372d0c353"
	fakeService      = "SU1Z0isxPaozGVKXdv0eY"
	fakeDistribution = "EDFDVBD6EXAMPLE"
	fakeToken        = "t0ken/with+odd=characters"
	fakeAccessKey    = "AKIAIOSFODNN7EXAMPLE"
)

// fakes are services as their documentation describes them. Each checks a request, and
// tells purged which tags it has.
var fakes = map[string]func(t *testing.T, purged func(tags []string)) api{
	"cloudflare": cloudflare, "fastly": fastly, "cloudfront": cloudfront,
}

// cloudflare is POST /zones/{zone_id}/purge_cache.
//
// https://developers.cloudflare.com/api/resources/cache/methods/purge/: Bearer token, body
// {"tags": ["some-tag", …]}, answer {"success": …, "errors": [{"code", "message"}], …}.
// https://developers.cloudflare.com/cache/how-to/purge-cache/: at most 100 operations a
// request, on every plan; 429 for what is more than the bucket has.
func cloudflare(t *testing.T, purged func([]string)) api {
	answer := func(w http.ResponseWriter, status int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		errors := []any{}
		if message != "" {
			errors = append(errors, map[string]any{"code": 10000, "message": message})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"success": message == "", "errors": errors, "messages": []any{}, "result": map[string]string{"id": fakeZone}})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.String() != "https://api.cloudflare.com/client/v4/zones/"+fakeZone+"/purge_cache" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("Content-Type: %q", r.Header.Get("Content-Type"))
		}
		if r.Header.Get("Authorization") != "Bearer "+fakeToken {
			answer(w, http.StatusForbidden, "Authentication error: "+r.Header.Get("Authorization"))
			return
		}
		var body struct{ Tags []string }
		decodeJSON(t, r.Body, &body)
		if len(body.Tags) == 0 || len(body.Tags) > 100 {
			answer(w, http.StatusBadRequest, "Max 100 tags allowed per purge request")
			return
		}
		purged(body.Tags)
		answer(w, http.StatusOK, "")
	}
}

// fastly is POST /service/{service_id}/purge.
//
// https://www.fastly.com/documentation/reference/api/purging/#bulk-purge-tag: header
// Fastly-Key, at most 256 keys, in the body {"surrogate_keys": […]} or in a header
// Surrogate-Key; the answer has a purge ID for each key.
func fastly(t *testing.T, purged func([]string)) api {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.String() != "https://api.fastly.com/service/"+fakeService+"/purge" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("Content-Type %q, Accept %q", r.Header.Get("Content-Type"), r.Header.Get("Accept"))
		}
		if r.Header.Get("Fastly-Key") != fakeToken {
			http.Error(w, `{"msg":"Provided credentials are missing or invalid"}`, http.StatusUnauthorized)
			return
		}
		var body struct {
			Keys []string `json:"surrogate_keys"`
		}
		decodeJSON(t, r.Body, &body)
		if len(body.Keys) == 0 || len(body.Keys) > 256 {
			http.Error(w, `{"msg":"Too many surrogate keys"}`, http.StatusBadRequest)
			return
		}
		purged(body.Keys)
		ids := map[string]string{}
		for _, key := range body.Keys {
			ids[key] = "108-1391560174-974124"
		}
		_ = json.NewEncoder(w).Encode(ids)
	}
}

func decodeJSON(t *testing.T, body io.Reader, v any) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		t.Errorf("the body is not as documented: %v", err)
	}
}

// cloudfront is CreateInvalidation.
//
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html:
// POST /2020-05-31/distribution/{id}/invalidation with an XML body; 201; a CallerReference
// that was used before with other paths is an error. https://docs.aws.amazon.com/
// AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html: a tag is a
// path that begins with #.
func cloudfront(t *testing.T, purged func([]string)) api {
	var references []string
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.String() != "https://cloudfront.amazonaws.com/2020-05-31/distribution/"+fakeDistribution+"/invalidation" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if !regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=` + fakeAccessKey + `/\d{8}/us-east-1/cloudfront/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$`).MatchString(r.Header.Get("Authorization")) {
			t.Errorf("Authorization: %s", r.Header.Get("Authorization"))
		}
		var batch struct {
			XMLName         xml.Name `xml:"http://cloudfront.amazonaws.com/doc/2020-05-31/ InvalidationBatch"`
			CallerReference string
			Quantity        int      `xml:"Paths>Quantity"`
			Paths           []string `xml:"Paths>Items>Path"`
		}
		if err := xml.NewDecoder(r.Body).Decode(&batch); err != nil || batch.Quantity != len(batch.Paths) || len(batch.Paths) > 3000 {
			t.Errorf("%d of %d paths, %v", len(batch.Paths), batch.Quantity, err)
		}
		if batch.CallerReference == "" || slices.Contains(references, batch.CallerReference) {
			t.Errorf("CallerReference %q was used before", batch.CallerReference)
		}
		references = append(references, batch.CallerReference)
		for i, path := range batch.Paths {
			var isTag bool
			if batch.Paths[i], isTag = strings.CutPrefix(path, "#"); !isTag {
				t.Errorf("%q is no tag", path)
			}
		}
		purged(batch.Paths)
		w.WriteHeader(http.StatusCreated)
	}
}
