package route

import (
	"net/url"
	"strings"
)

// What a query from elsewhere may have at most.
const (
	maxParameters = 20
	maxParameter  = 4 << 10 // bytes of a name and of a value
)

// Query reads the parameters that a browser was sent here with. Each comes once (RFC
// 6749 section 3.1): of two nobody can say which one was meant.
func Query(raw string) (url.Values, bool) {
	if strings.Count(raw, "&") >= maxParameters {
		return nil, false
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, false
	}
	for name, values := range query {
		if len(values) != 1 || len(name) > maxParameter || len(values[0]) > maxParameter {
			return nil, false
		}
	}
	return query, true
}
