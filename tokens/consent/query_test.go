package consent_test

import "net/url"

// replaceQuery changes one parameter of a callback address; empty removes it.
func replaceQuery(name, value string) func(string) string {
	return func(callback string) string {
		u, err := url.Parse(callback)
		if err != nil {
			panic(err)
		}
		q := u.Query()
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
}
