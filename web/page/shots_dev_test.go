package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"latchkey/test/browser"
	"latchkey/web/page"
)

func TestDevShots(t *testing.T) {
	want := os.Getenv("SHOTS")
	if want == "" {
		t.Skip()
	}
	m := map[string]string{}
	for _, p := range states(t) {
		m[p.name] = p.html
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == page.StylePath {
			_ = page.WriteStyle(w)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, m[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer s.Close()
	ctx := browser.New(t)
	for _, w := range []int64{320, 768, 1280} {
		for _, dark := range []bool{false, true} {
			for name := range m {
				if !strings.Contains(want, "all") && !strings.Contains(want, name+"@"+fmt.Sprint(w, dark)) {
					continue
				}
				browser.Screenshot(ctx, t, fmt.Sprintf("/tmp/lk/shots/%s-%d-%s.png", name, w, map[bool]string{true: "dark", false: "light"}[dark]), s.URL+"/"+name, w, 720, dark)
			}
		}
	}
}
