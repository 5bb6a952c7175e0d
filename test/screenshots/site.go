package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"

	"latchkey/test/pages"
	"latchkey/web/words"
)

// site pictures every page of a site as an administrator sees it.
func (c camera) site(browser context.Context, b *bench) error {
	s := pages.New(b)
	ada := s.Visitor(b)
	objects := s.Furnish(b, ada)
	s.Trouble(b, ada, objects)
	if err := c.screens(browser, s, ada, s.Screens(b, ada, objects)); err != nil {
		return err
	}
	empty := pages.New(b, pages.Empty)
	return c.screens(browser, empty, empty.SignedIn(b, "ada@example.eu", "workspace-admin"), pages.EmptyScreens())
}

func (c camera) screens(browser context.Context, s *pages.Site, as *pages.Visitor, screens []pages.Screen) error {
	if err := signIn(browser, s.Origin, as.Cookies()); err != nil {
		return err
	}
	for _, language := range words.Languages {
		if err := call(browser, "Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": string(language)}}); err != nil {
			return err
		}
		for _, screen := range screens {
			if !c.wants(screen.Name) {
				continue
			}
			if err := screen.Open(browser, s.Origin); err != nil {
				return fmt.Errorf("showing %s: %w", screen.Name, err)
			}
			for _, theme := range themes {
				if err := paint(browser, theme); err != nil {
					return err
				}
				if err := c.all(browser, screen.Name, language, theme); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// signIn gives the browser somebody's cookies.
func signIn(browser context.Context, origin string, cookies []*http.Cookie) error {
	if err := call(browser, "Network.enable", map[string]any{}); err != nil {
		return err
	}
	for _, cookie := range cookies {
		if err := call(browser, "Network.setCookie", map[string]any{"name": cookie.Name, "value": cookie.Value, "url": origin, "httpOnly": true}); err != nil {
			return err
		}
	}
	return nil
}

// paint has the system of whoever looks be light or dark. Colours change at once, so that
// none is pictured on its way from the one to the other.
func paint(browser context.Context, theme string) error {
	return call(browser, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}},
	})
}

func call(browser context.Context, method string, params any) error {
	return chromedp.Do(browser, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, method, params, nil)
	}))
}

// folder is where the pictures of the README are.
const folder = "docs/pictures"

// pictureReadme makes the pictures of the README, as they are seen in a window and no
// longer than that.
func pictureReadme(browser context.Context, b *bench) error {
	s := pages.New(b)
	ada := s.Visitor(b)
	objects := s.Furnish(b, ada)
	s.Trouble(b, ada, objects)
	s.Past(b, objects)
	if err := signIn(browser, s.Origin, ada.Cookies()); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, p := range []struct {
		name, path, theme string
		language          words.Language
		height            int64
	}{
		{"methods", "/methods", "light", words.English, 640},
		{"connection", "/connections/" + objects["connections/:id"], "light", words.English, 800},
		{"french", "/methods/" + objects["methods/:id"] + "/enable", "dark", words.French, 800},
	} {
		headers := map[string]any{"headers": map[string]string{"Accept-Language": string(p.language)}}
		if err := call(browser, "Network.setExtraHTTPHeaders", headers); err != nil {
			return err
		}
		if err := paint(browser, p.theme); err != nil {
			return err
		}
		if err := chromedp.Do(browser, chromedp.EmulateViewport(1280, p.height), chromedp.Navigate(s.Origin+p.path)); err != nil {
			return fmt.Errorf("showing %s: %w", p.path, err)
		}
		png, err := chromedp.Run(browser, chromedp.CaptureScreenshot())
		if err != nil {
			return fmt.Errorf("picturing %s: %w", p.path, err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.name+".png"), png, 0o644); err != nil {
			return err
		}
	}
	return nil
}
