package web

import (
	"net/http"
	"slices"

	"latchkey/web/route"
)

// header is one that every answer has, as [http.Header] holds it.
type header struct {
	name   string
	values []string
}

// contentPolicy lets pages use what this server itself serves, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headersFor are on every answer, faults and redirects included.
func headersFor(secure bool) []header {
	var headers []header
	add := func(name, value string) {
		headers = append(headers, header{http.CanonicalHeaderKey(name), slices.Clip([]string{value})})
	}
	add("Cache-Control", "no-store")
	add("Content-Security-Policy", contentPolicy)
	add("Cross-Origin-Opener-Policy", "same-origin")
	add("Cross-Origin-Resource-Policy", "same-origin")
	add("Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()")
	add("Referrer-Policy", "no-referrer")
	add("X-Content-Type-Options", "nosniff")
	if secure {
		add("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	return headers
}

func (s *server) setHeaders(c *route.Call) {
	h := c.Response().Header()
	for _, each := range s.headers {
		h[each.name] = each.values // shared by all answers: Set replaces it, and Add makes a copy
	}
	h["X-Request-Id"] = []string{c.RequestID}
}
