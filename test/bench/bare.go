package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/labstack/echo/v4"
)

// What the bare handler and those who ask it agree on.
const (
	bareCommand = "bare"
	bareKey     = "lk_01kaxxxxxxxxxxxxxxxxxxxxxx_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	bareNames   = 10_000
	bareSize    = 600
)

func bareName(i int) string { return fmt.Sprintf("connection-%05d", i) }

// serveBare is the yardstick: Echo, a bearer check, and one of 10,000 names whose
// answer is ready. It does not return unless it fails.
func serveBare(address string) error {
	keys := map[[sha256.Size]byte]bool{sha256.Sum256([]byte(bareKey)): true}
	answers := make(map[string][]byte, bareNames)
	for i := range bareNames {
		begin := fmt.Sprintf(`{"name":%q,"access_token":"`, bareName(i))
		answers[bareName(i)] = []byte(begin + strings.Repeat("x", bareSize-len(begin)-2) + `"}`)
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/readyz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.GET("/tokens/:name", func(c echo.Context) error {
		key, ok := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
		if !ok || !keys[sha256.Sum256([]byte(key))] {
			return c.NoContent(http.StatusUnauthorized)
		}
		answer, ok := answers[c.Param("name")]
		if !ok {
			return c.NoContent(http.StatusNotFound)
		}
		return c.JSONBlob(http.StatusOK, answer)
	})
	return e.Start(address)
}

// startBare starts this program again as the bare handler.
func (b *bench) startBare(ctx context.Context) (*process, *target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	p, err := startProcess(ctx, exec.CommandContext(ctx, self, bareCommand, address), address, "/readyz", filepath.Join(b.dir, "bare.log"))
	if err != nil {
		return nil, nil, err
	}
	t := &target{address: address, expect: []byte(`"access_token"`)}
	for i := range bareNames {
		t.requests = append(t.requests, fmt.Appendf(nil,
			"GET /tokens/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", bareName(i), address, bareKey))
	}
	return p, t, nil
}
