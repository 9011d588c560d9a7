package api

import "net/http"

// SendFile is how the server in front of this one is told to send a file of the cache
// directory itself: by a header with the file's path. The zero value sends all bodies
// from here.
type SendFile struct {
	// Header is the name of that header as net/http spells it, such as AccelHeader or
	// "X-Sendfile"; "" for none.
	Header string
	// Prefix goes before the path in the cache directory: an internal location of
	// nginx, or the cache directory itself. It ends with a slash.
	Prefix string
}

// AccelHeader is nginx's header for this.
const AccelHeader = "X-Accel-Redirect"

// headerNoAccel asks for the body itself. The server in front sends it if the file was
// purged before it could open it. Clients may send it, too, at no more cost than that of
// copying the body.
const headerNoAccel = "X-Thumbery-No-Accel"

// applies reports whether a request may be answered with a path. To nginx it may not if
// there is a Range that nginx would answer differently: nginx sends parts to HEAD, and
// 416 if a position does not fit into 64 bits, and accepts a date in If-Range, which does
// not tell a derivative from its predecessor.
func (f SendFile) applies(r *http.Request) bool {
	if f.Header == "" || len(r.Header[headerNoAccel]) > 0 {
		return false
	}
	values := r.Header["Range"]
	return f.Header != AccelHeader || len(values) == 0 ||
		r.Method == http.MethodGet && singleRange(values) && !isDate(r.Header.Get("If-Range"))
}

// send answers with the path of a file in the cache directory. There are no validators:
// the other server makes its own from the file, and answers conditions and ranges by
// them.
func (f SendFile) send(w http.ResponseWriter, path string) {
	w.Header()[f.Header] = []string{f.Prefix + path}
	w.WriteHeader(http.StatusOK)
}
