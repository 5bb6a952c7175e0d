package sso

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddress is how many bytes a return address may have.
const maxAddress = 2048

// What return addresses are made of. Everything else is refused, since browsers,
// proxies and parsers differ in what they make of it.
var (
	ownPattern      = regexp.MustCompile(`^(/[A-Za-z0-9._~/-]*)(\?[A-Za-z0-9._~/%=&+-]*)?$`)
	absolutePattern = regexp.MustCompile(`^([A-Za-z]+)://([A-Za-z0-9.-]+)(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/%-]*)?(\?[A-Za-z0-9._~/%=&+-]*)?$`)
	hostPattern     = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$`)
)

// MatchReturn reports whether people may be sent to address after signing in: a
// path of our own origin, or an address below one of those that are allowed. An
// entry that [CheckReturnAddress] refuses allows nothing.
func MatchReturn(address string, allowed []string) bool {
	if len(address) > maxAddress {
		return false
	}
	if own := ownPattern.FindStringSubmatch(address); own != nil {
		return cleanPath(own[1]) && cleanQuery(own[2])
	}
	a, ok := readReturn(address)
	return ok && slices.ContainsFunc(allowed, func(entry string) bool {
		if CheckReturnAddress(entry) != nil {
			return false
		}
		e, _ := readReturn(entry)
		return a.origin == e.origin && below(a.path, e.path)
	})
}

// CheckReturnAddress returns why people cannot be sent to entry and what is below
// it, as a sentence; nil: they can.
func CheckReturnAddress(entry string) error {
	if len(entry) > maxAddress {
		return errTooLong
	}
	e, ok := readReturn(entry)
	if !ok || e.query != "" {
		return unfit("This is an address such as https://app.example.com or https://app.example.com/desk, without parameters; http is for localhost alone.")
	}
	return nil
}

// returnAddress is an absolute one, taken apart.
type returnAddress struct {
	origin string // RFC 6454 section 6.2: lower case, without a port that goes without saying
	path   string // empty or from the first slash on
	query  string // empty or from the question mark on
}

func readReturn(address string) (returnAddress, bool) {
	parts := absolutePattern.FindStringSubmatch(address)
	if parts == nil {
		return returnAddress{}, false
	}
	scheme, host, port := strings.ToLower(parts[1]), strings.ToLower(parts[2]), parts[3]
	local := host == "localhost" || host == "127.0.0.1"
	if scheme != "https" && !(scheme == "http" && local) || len(host) > 253 || !hostPattern.MatchString(host) {
		return returnAddress{}, false
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(port, ":")); port != "" && (err != nil || n > 65535) {
		return returnAddress{}, false
	}
	if scheme == "https" && port == ":443" || scheme == "http" && port == ":80" {
		port = ""
	}
	a := returnAddress{origin: scheme + "://" + host + port, path: parts[4], query: parts[5]}
	return a, cleanPath(a.path) && cleanQuery(a.query)
}

// below reports whether path is the one of an entry or continues it after a slash.
func below(path, entry string) bool {
	entry = strings.TrimSuffix(entry, "/")
	rest, ok := strings.CutPrefix(path, entry)
	return ok && (rest == "" || rest[0] == '/')
}

// cleanPath reports whether a path means the same to whoever reads it: no empty or
// dot segments, and nothing escaped that divides or ends one.
func cleanPath(path string) bool {
	text, err := url.PathUnescape(path)
	if err != nil || !plain(text) || strings.Contains(path, "//") {
		return false
	}
	// An escaped dot or percent sign is only ever there to hide something.
	for _, hidden := range []string{"%2f", "%5c", "%2e", "%25"} {
		if strings.Contains(strings.ToLower(path), hidden) {
			return false
		}
	}
	segments := strings.Split(path, "/")
	return !slices.Contains(segments, ".") && !slices.Contains(segments, "..")
}

// cleanQuery is the same for the parameters.
func cleanQuery(query string) bool {
	text, err := url.QueryUnescape(query)
	lower := strings.ToLower(query)
	return err == nil && plain(text) && !strings.Contains(lower, "%2f") && !strings.Contains(lower, "%5c")
}

// plain reports text without control characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
