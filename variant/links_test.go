package variant

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLinksURL(t *testing.T) {
	t.Parallel()
	var ring Keyring
	if err := ring.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	tests := []struct {
		links          Links
		ops, key, want string
	}{
		{Links{}, "h_200,w_300", "a b.jpg", "/300x200/a%20b.jpg"},
		{Links{Base: "https://i.example.com/"}, "300x", "a.jpg", "https://i.example.com/300x/a.jpg"},
		{Links{Hosts: []string{"i.example.com"}}, "300x", "a.jpg", "https://i.example.com/300x/a.jpg"},
		{Links{Hosts: []string{"//i.example.com"}}, "300x", "a.jpg", "//i.example.com/300x/a.jpg"},
		{Links{Presets: presets(t, "thumb=9x9")}, "thumb,q_05,w_4", "a.jpg", "/thumb,4x,q_5/a.jpg"},
		{Links{Presets: presets(t, "thumb=9x9")}, "thumb", "a.jpg", "/thumb/a.jpg"},
	}
	for _, tt := range tests {
		if got, err := tt.links.URL(tt.ops, tt.key); err != nil || got != tt.want {
			t.Errorf("URL(%q, %q) = %q, %v, want %q", tt.ops, tt.key, got, err, tt.want)
		}
	}
	scoped := Links{Keyring: &ring, Scope: "300x~600x,~dpr_2"}
	if got, err := scoped.URL("dpr_2,w_600", "a.jpg"); err != nil || !strings.HasSuffix(got, "~300x~600x,~dpr_2/600x,dpr_2/a.jpg") {
		t.Errorf("with a scope: %q, %v", got, err)
	}
	if got, err := scoped.URL("301x", "a.jpg"); !errors.Is(err, ErrForbidden) {
		t.Errorf("outside the scope: %q, %v", got, err)
	}
	signed := Links{Keyring: &ring, Expires: time.Hour, Now: func() time.Time { return now }}
	got, err := signed.URL("300x", "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePath(got)
	if err != nil {
		t.Fatal(err)
	}
	if expires, err := verify(ring, p, now); err != nil || !expires.Equal(now.Add(time.Hour)) {
		t.Errorf("%s: expires %v, %v", got, expires, err)
	}
	for _, bad := range [][2]string{{"300", "a.jpg"}, {"300x", "../a.jpg"}, {"300x", ""}} {
		if got, err := (Links{}).URL(bad[0], bad[1]); err == nil {
			t.Errorf("URL(%q) = %q", bad, got)
		}
	}
}

func TestLinksHosts(t *testing.T) {
	t.Parallel()
	const pictures = 10_000
	four := Links{Hosts: []string{"a.example", "b.example", "c.example", "d.example"}}
	five := Links{Hosts: append(four.Hosts[:4:4], "e.example")}
	count := map[string]int{}
	for i := range pictures {
		key := fmt.Sprintf("photos/%d.jpg", i)
		small, large := hostOf(t, four, "300x", key), hostOf(t, four, "1200x,f_webp", key)
		if small != large {
			t.Fatalf("%s is on %s and on %s", key, small, large)
		}
		count[small]++
		if more := hostOf(t, five, "300x", key); more != small && more != "e.example" {
			t.Fatalf("%s moved from %s to %s when e.example came", key, small, more)
		}
	}
	for host, n := range count {
		if n < pictures/4*9/10 || n > pictures/4*11/10 {
			t.Errorf("%s has %d of %d pictures", host, n, pictures)
		}
	}
}

func hostOf(t *testing.T, l Links, ops, key string) string {
	t.Helper()
	s, err := l.URL(ops, key)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func ExampleLinks() {
	links := Links{Hosts: []string{"img1.example.com", "img2.example.com"}}
	page := template.Must(template.New("page").Funcs(links.FuncMap()).
		Parse(`<img src="{{picture "300x200,f_auto" .}}" srcset="{{srcset "f_auto" . 320 640}}">` + "\n"))
	var b strings.Builder
	if err := page.Execute(&b, "photos/cat on a mat.jpg"); err != nil {
		fmt.Println(err)
	}
	fmt.Print(b.String())
	// Output: <img src="https://img1.example.com/300x200,f_auto/photos/cat%20on%20a%20mat.jpg" srcset="https://img1.example.com/320x,f_auto/photos/cat%20on%20a%20mat.jpg 320w, https://img1.example.com/640x,f_auto/photos/cat%20on%20a%20mat.jpg 640w">
}
