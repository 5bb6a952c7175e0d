package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// errMissing says what to do, since it is what a newcomer sees first.
var errMissing = errors.New("no Chromium here, and these tests need it: apt-get install -y chromium (or set CHROMIUM)")

// New returns the context of a new browser, which is closed when the test ends.
// Where Chromium is missing the test fails, or under -short is skipped.
func New(t testing.TB) context.Context {
	t.Helper()
	program, err := find()
	if errors.Is(err, errMissing) && testing.Short() {
		t.Skipf("skipped, because of -short: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	// Not the test's own context: it ends before the cleanups, and the browser
	// would be killed in place of being closed.
	parent := context.WithoutCancel(t.Context())
	alloc, release := chromedp.NewExecAllocator(parent, options(program, t.TempDir())...)
	ctx, _ := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
		release()
	})
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatalf("starting %s: %v", program, err)
	}
	return ctx
}

func find() (string, error) {
	if program := os.Getenv("CHROMIUM"); program != "" {
		path, err := exec.LookPath(program)
		if err != nil {
			return "", fmt.Errorf("finding the browser that CHROMIUM names: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errMissing
}

func options(program, profile string) []chromedp.ExecAllocatorOption {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile),
		chromedp.NoFirstRun,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // small in containers
		chromedp.Flag("lang", "en"),
	)
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // it cannot be had as root
	}
	return opts
}

// Screenshot loads url in a window of the given size, light or dark, and writes
// what is to be seen of it to the PNG file path, whole page and all. It leaves
// the browser ctx on that page.
func Screenshot(ctx context.Context, t testing.TB, path, url string, width, height int64, dark bool) {
	t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	media := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{
			"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
		}, nil)
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), media, chromedp.Navigate(url)); err != nil {
		t.Fatalf("showing %s: %v", url, err)
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("picturing %s: %v", url, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
