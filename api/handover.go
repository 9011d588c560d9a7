package api

import (
	"net/http"
	"strconv"

	"github.com/thumbery/thumbery/pipeline"
)

// HandOver is how a body on disk is left to the server in front of us, which
// sends it: by a header with where it is. The zero value sends everything
// ourselves.
type HandOver struct {
	// Header is the name of that header as net/http spells it, such as
	// AccelHeader or "X-Sendfile"; "" for none.
	Header string
	// Prefix is what comes before the path in the cache directory: an internal
	// location of nginx, or the cache directory itself, with a slash at its
	// end.
	Prefix string
}

// AccelHeader is nginx's header for this.
const AccelHeader = "X-Accel-Redirect"

// headerNoAccel asks for the body itself. A server in front of us sends it when
// the file that we named has been purged before it was opened. It is harmless
// if a client sends it, which costs a copy of the body and no more.
const headerNoAccel = "X-Thumbery-No-Accel"

// wanted reports whether a body that is on disk is to be handed over. Not to nginx with
// a Range that it would answer otherwise than we do: it sends parts to HEAD, and 416
// where a position does not fit into 64 bits, and takes a date in If-Range, which does
// not tell a derivative from the one before.
func (o HandOver) wanted(r *http.Request) bool {
	if o.Header == "" || len(r.Header[headerNoAccel]) > 0 {
		return false
	}
	values := r.Header["Range"]
	return o.Header != AccelHeader || len(values) == 0 ||
		r.Method == http.MethodGet && singleRange(values) && !isDate(r.Header.Get("If-Range"))
}

// to hands over the file at a path in the cache directory. The other server
// makes its own validators from the file, and answers conditions and ranges by
// them: ours would contradict it, and so are not there.
func (o HandOver) to(w http.ResponseWriter, path string) {
	w.Header()[o.Header] = []string{o.Prefix + path}
	w.WriteHeader(http.StatusOK)
}

// etag is the tag of a body that we send ourselves, "" for none. It must not be
// another one than that of the same body handed over.
func (o HandOver) etag(r *pipeline.Result) string {
	switch o.Header {
	case "":
		return resultETag(r)
	case AccelHeader:
		return nginxETag(r)
	}
	return "" // each server has its own way, which may also be configured
}

// nginxETag is what nginx makes of a file, ngx_http_set_etag: mtime and size in
// hexadecimal.
func nginxETag(r *pipeline.Result) string {
	b := make([]byte, 0, 32)
	b = append(b, '"')
	if r.Blob.ModTime.IsZero() { // the file has the epoch
		b = append(b, '0')
	} else {
		b = strconv.AppendInt(b, r.Blob.ModTime.Unix(), 16)
	}
	b = append(b, '-')
	b = strconv.AppendInt(b, r.Blob.Size, 16)
	b = append(b, '"')
	return string(b)
}
