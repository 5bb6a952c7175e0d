package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"
)

// browser is a person's browser: it keeps cookies.
type browser struct {
	demo   *demo
	client *http.Client
}

func (d *demo) browser() (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := *d.plain()
	client.Jar = jar
	return &browser{demo: d, client: &client}, nil
}

// plain is a client that finds tenants' hosts under localhost, which not every
// machine's resolver does.
func (d *demo) plain() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, // nothing stays open that shutdown would wait for
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}}
}

// open gets a page, following redirects as a browser does.
func (b *browser) open(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/html")
	status, _, err := b.demo.send(b.client, r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", r.URL.Path, status)
	}
	return err
}

// call makes a JSON request with a key. want is the status to expect, 0 any good
// one; into may be nil.
func (d *demo) call(ctx context.Context, method, address, key string, body any, want int, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	status, answer, err := d.send(d.plain(), r)
	if err != nil {
		return err
	}
	if want != 0 && status != want || status >= 300 {
		return fmt.Errorf("%s %s answered %d: %s", method, r.URL.Path, status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s answered nothing that can be read: %w", method, r.URL.Path, err)
	}
	return nil
}

func (d *demo) send(c *http.Client, r *http.Request) (status int, body []byte, err error) {
	resp, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, bytes.TrimSpace(body), err
}
