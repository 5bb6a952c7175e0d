package main

import (
	"cmp"
	"context"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("a folder for the pictures is missing")
	}
	dir, names := args[0], args[1:]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	server := httptest.NewServer(states.Handler())
	defer server.Close()
	browser, closed, err := open(ctx)
	if err != nil {
		return err
	}
	defer closed()
	for _, state := range states.All(words.Words{}) {
		if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(state.Name, n) }) {
			continue
		}
		if err := picture(browser, dir, server.URL, state.Name); err != nil {
			return fmt.Errorf("picturing %s: %w", state.Name, err)
		}
	}
	return nil
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

func picture(ctx context.Context, dir, origin, name string) error {
	for _, language := range words.Languages {
		for _, theme := range []string{"light", "dark"} {
			address := fmt.Sprintf("%s/%s?lang=%s&theme=%s", origin, name, language, theme)
			if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
				return err
			}
			for _, width := range widths {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)); err != nil {
					return err
				}
				if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("scrollTo(0, 0) === undefined")); err != nil {
					return err
				}
				png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					return err
				}
				file := filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%d.png", name, language, theme, width))
				if err := os.WriteFile(file, png, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
