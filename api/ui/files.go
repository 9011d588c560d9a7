package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
)

//go:embed page
var embedded embed.FS

// file is a part of the page.
type file struct {
	bytes     []byte
	mediaType string
	etag      string
}

// mediaTypes are by extension, as the tables of operating systems differ. Files of other
// types, such as licences, are not served.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// files are the parts of the page by their path below /ui/.
var files = func() map[string]file {
	all := map[string]file{}
	err := fs.WalkDir(embedded, "page", func(name string, d fs.DirEntry, err error) error {
		mediaType := mediaTypes[path.Ext(name)]
		if err != nil || mediaType == "" {
			return err
		}
		b, err := embedded.ReadFile(name)
		sum := sha256.Sum256(b)
		all[strings.TrimPrefix(name, "page/")] = file{b, mediaType, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return err
	})
	if err != nil {
		panic(err) // of files in the program
	}
	all[""] = all["index.html"]
	return all
}()

// IsFile reports whether a path of the listener is one of the page's static files, which hold
// no secrets and need no token.
func IsFile(urlPath string) bool {
	name, ok := strings.CutPrefix(urlPath, "/ui/")
	_, known := files[name]
	return ok && known || urlPath == "/ui"
}

func serveFile(w http.ResponseWriter, r *http.Request) {
	_, name, slash := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !slash { // from here, the page's relative links would not lead below /ui/
		http.Redirect(w, r, "ui/", http.StatusPermanentRedirect)
		return
	}
	f, ok := files[name]
	if !ok {
		api.WriteError(w, http.StatusNotFound, "the page has no such file")
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "max-age=60")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.bytes))
}
