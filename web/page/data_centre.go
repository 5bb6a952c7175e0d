package page

import (
	"cmp"
	"net/url"
	"strings"

	"latchkey/authmethods/catalog"
	"latchkey/web/words"
)

// DataCentre is how people call a data centre of an integration type, with the provider's
// own domain there: its codes are for programs. kind is nil for a type that has gone.
func DataCentre(w words.Words, kind *catalog.Type, code string) string {
	if kind == nil || code == "" {
		return strings.ToUpper(code)
	}
	dc, ok := kind.DataCentre(code)
	if !ok {
		return strings.ToUpper(code)
	}
	name := w.OfType(cmp.Or(dc.Name, strings.ToUpper(dc.Code)))
	if u, err := url.Parse(dc.AuthorizationServer); err == nil {
		if domain, ok := strings.CutPrefix(u.Host, "accounts."); ok {
			name += " (" + domain + ")"
		}
	}
	return name
}
