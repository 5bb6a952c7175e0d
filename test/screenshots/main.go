package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"

	"latchkey/test/screenshots/states"
	"latchkey/web/words"
)

// widths are in CSS pixels.
var widths = []int64{320, 768, 1280}

func main() {
	readme := flag.Bool("readme", false, "make the pictures of the README in docs/pictures, and no others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *readme, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, readme bool, args []string) error {
	if !readme && len(args) == 0 {
		return fmt.Errorf("a folder for the pictures is missing")
	}
	browser, closed, err := open(ctx)
	if err != nil {
		return err
	}
	defer closed()
	if readme {
		return on(ctx, func(b *bench) error { return pictureReadme(browser, b) })
	}
	c := camera{dir: args[0], names: args[1:]}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := c.states(browser); err != nil {
		return err
	}
	return on(ctx, func(b *bench) error { return c.site(browser, b) })
}

// open starts a browser with a profile of its own.
func open(ctx context.Context) (context.Context, func(), error) {
	program, err := exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "chromium"))
	if err != nil {
		return nil, nil, fmt.Errorf("no Chromium here: install it, or set CHROMIUM: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it cannot be had as root
	}
	alloc, release := chromedp.NewExecAllocator(ctx, options...)
	browser, cancel := chromedp.NewContext(alloc)
	return browser, func() { cancel(); release() }, chromedp.Do(browser)
}

// camera makes pictures of the pages whose names begin with one of those given, or of
// all.
type camera struct {
	dir   string
	names []string
}

func (c camera) wants(name string) bool {
	return len(c.names) == 0 || slices.ContainsFunc(c.names, func(n string) bool { return strings.HasPrefix(name, n) })
}

// states pictures the pages that are shown to those who are not signed in, and the
// components, in states that are hard to bring about.
func (c camera) states(browser context.Context) error {
	server := httptest.NewServer(states.Handler())
	defer server.Close()
	for _, state := range states.All(words.Words{}) {
		if !c.wants(state.Name) {
			continue
		}
		for _, language := range words.Languages {
			for _, theme := range themes {
				address := fmt.Sprintf("%s/%s?lang=%s&theme=%s", server.URL, state.Name, language, theme)
				if err := chromedp.Do(browser, chromedp.Navigate(address)); err != nil {
					return fmt.Errorf("showing %s: %w", state.Name, err)
				}
				if err := c.all(browser, state.Name, language, theme); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

var themes = []string{"light", "dark"}

// all pictures the page that the browser shows, in all widths.
func (c camera) all(browser context.Context, name string, language words.Language, theme string) error {
	for _, width := range widths {
		png, err := picture(browser, width)
		if err != nil {
			return fmt.Errorf("picturing %s: %w", name, err)
		}
		file := filepath.Join(c.dir, fmt.Sprintf("%s-%s-%s-%d.png", name, language, theme, width))
		if err := os.WriteFile(file, png, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// picture is the whole page in a window of that width.
func picture(browser context.Context, width int64) ([]byte, error) {
	if err := chromedp.Do(browser, chromedp.EmulateViewport(width, 800)); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(browser, chromedp.Evaluate[bool]("scrollTo(0, 0) === undefined")); err != nil {
		return nil, err
	}
	return chromedp.Run(browser, chromedp.FullScreenshot(100))
}
