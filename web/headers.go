package web

import "latchkey/web/route"

type header struct{ name, value string }

// contentPolicy lets pages use what this server itself serves, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headersFor are on every answer, faults and redirects included.
func headersFor(secure bool) []header {
	headers := []header{
		{"Cache-Control", "no-store"},
		{"Content-Security-Policy", contentPolicy},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
	}
	if secure {
		headers = append(headers, header{"Strict-Transport-Security", "max-age=63072000; includeSubDomains"})
	}
	return headers
}

func (s *server) setHeaders(c *route.Call) {
	h := c.Response().Header()
	for _, each := range s.headers {
		h.Set(each.name, each.value)
	}
	h.Set("X-Request-Id", c.RequestID)
}
