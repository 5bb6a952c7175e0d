package methods

import (
	"net/url"
	"strings"
	"unicode"
)

// flaw is the kind of what is wrong with an address that was pasted.
type flaw string

// The flaws. Each has a text of its own.
const (
	flawNone   flaw = ""
	flawScheme flaw = "scheme" // http for https, or the reverse
	flawHost   flaw = "host"
	flawCase   flaw = "case"  // capitals for small letters, or the reverse
	flawSlash  flaw = "slash" // one too many at the end
	flawShort  flaw = "short" // it ends too early
	flawLong   flaw = "long"  // it goes on too long
	flawOther  flaw = "other"
)

// comparison is an address that was pasted, beside the one of ours that it is most
// like.
type comparison struct {
	pasted, ours string
	at           int // in bytes of both: the first character that differs
	flaw         flaw
}

// cut splits what was pasted at the first wrong character.
func (c comparison) cut() (before, wrong, after string) {
	rest := c.pasted[c.at:]
	for i := range rest {
		if i > 0 {
			return c.pasted[:c.at], rest[:i], rest[i:]
		}
	}
	return c.pasted[:c.at], rest, ""
}

// wanted is the character that stands in our address where the pasted one differs;
// empty if ours has ended.
func (c comparison) wanted() string {
	for _, r := range c.ours[c.at:] {
		return string(r)
	}
	return ""
}

// most of what is pasted that is looked at.
const maxPasted = 20

// compare holds addresses that somebody copied back from the provider's console
// against ours, and returns those of ours that are not among them. Providers compare
// to the letter, and so does this.
func compare(ours []string, pasted string) (list []comparison, missing []string) {
	right := map[string]bool{}
	for _, each := range addresses(pasted) {
		if len(list) == maxPasted {
			break
		}
		c := closest(ours, each)
		right[c.ours] = right[c.ours] || c.flaw == flawNone
		list = append(list, c)
	}
	for _, each := range ours {
		if !right[each] {
			missing = append(missing, each)
		}
	}
	return list, missing
}

// addresses are those in a text, however they are set apart.
func addresses(text string) []string {
	return strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;\"'<>`", r)
	})
}

// closest compares with the address that agrees the longest, letters being alike
// whatever their case.
func closest(ours []string, pasted string) comparison {
	best, most := comparison{pasted: pasted}, -1
	for _, each := range ours {
		if n := agree(bare(each), bare(pasted)); n > most {
			best.ours, most = each, n
		}
	}
	best.at = same(best.ours, pasted)
	best.flaw = flawOf(best)
	return best
}

// bare is an address without what is compared last: its scheme and its case.
func bare(address string) string {
	_, rest, ok := strings.Cut(strings.ToLower(address), "://")
	if !ok {
		return strings.ToLower(address)
	}
	return rest
}

// agree is how long two texts are the same.
func agree(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// same is agree at the border of a character.
func same(a, b string) int {
	n := 0
	for i, r := range a {
		if !strings.HasPrefix(b[i:], string(r)) {
			break
		}
		n = i + len(string(r))
	}
	return n
}

func flawOf(c comparison) flaw {
	rest, wanted := c.pasted[c.at:], c.ours[c.at:]
	switch {
	case rest == "" && wanted == "":
		return flawNone
	case rest == "/" && wanted == "":
		return flawSlash
	case rest == "":
		return flawShort
	case wanted == "":
		return flawLong
	case c.at < strings.Index(c.ours, "://") || schemeOf(c.pasted) != schemeOf(c.ours):
		return flawScheme
	case strings.EqualFold(c.pasted, c.ours) || strings.EqualFold(first(rest), first(wanted)):
		return flawCase
	case hostOf(c.pasted) != hostOf(c.ours):
		return flawHost
	}
	return flawOther
}

func schemeOf(address string) string {
	scheme, _, _ := strings.Cut(address, "://")
	return strings.ToLower(scheme)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
