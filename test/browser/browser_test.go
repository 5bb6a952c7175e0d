package browser_test

import (
	"image"
	"image/color"
	_ "image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
)

const page = `<!doctype html><meta charset="utf-8"><title>Test page</title>
<style>
body { background: #fff; margin: 0 }
@media (prefers-color-scheme: dark) { body { background: #000 } }
</style>
<button id="b" onclick="document.getElementById('out').textContent = 'clicked'">Press</button>
<p id="out">waiting</p>`

func serve(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAButtonCanBeClicked(t *testing.T) {
	ctx := browser.New(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(serve(t)), chromedp.Click(chromedp.CSS("#b"))); err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#out")))
	if err != nil || got != "clicked" {
		t.Errorf("the page says %q, %v", got, err)
	}
}

func TestScreenshotsFollowTheColourScheme(t *testing.T) {
	ctx, url, dir := browser.New(t), serve(t), t.TempDir()
	for _, c := range []struct {
		name string
		dark bool
		want uint8
	}{{"light", false, 255}, {"dark", true, 0}} {
		path := filepath.Join(dir, "shots", c.name+".png")
		browser.Screenshot(ctx, t, path, url, 400, 300, c.dark)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		picture, _, err := image.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		corner := picture.Bounds().Max.Sub(image.Pt(5, 5))
		if got := color.GrayModel.Convert(picture.At(corner.X, corner.Y)).(color.Gray).Y; got != c.want || picture.Bounds().Dx() != 400 {
			t.Errorf("%s: %v with a corner of brightness %d, want width 400 and %d", c.name, picture.Bounds(), got, c.want)
		}
	}
}

func TestAnotherBrowserThatIsNotThereIsAnError(t *testing.T) {
	t.Setenv("CHROMIUM", filepath.Join(t.TempDir(), "none"))
	if path, err := browser.Find(); err == nil {
		t.Errorf("found %s", path)
	}
}

func TestAMissingBrowserIsReportedWithItsRemedy(t *testing.T) {
	t.Setenv("CHROMIUM", "")
	t.Setenv("PATH", t.TempDir())
	if path, err := browser.Find(); err != browser.ErrMissing {
		t.Errorf("found %q, %v", path, err)
	}
}
