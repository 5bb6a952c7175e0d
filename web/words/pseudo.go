package words

import (
	"regexp"
	"strings"
)

var accents = strings.NewReplacer(
	"a", "á", "c", "ç", "d", "ð", "e", "é", "g", "ĝ", "i", "î", "n", "ñ", "o", "ö", "s", "š", "u", "ü", "y", "ý",
	"A", "Á", "C", "Ç", "E", "É", "I", "Î", "N", "Ñ", "O", "Ö", "S", "Š", "U", "Û",
)

// kept is what a disguise must leave: placeholders, markup and entities.
var kept = regexp.MustCompile(`\{[a-z_]+\}|<[^>]*>|&[a-z]+;`)

// disguised returns the catalogue with accents, a third longer and in brackets.
func disguised(texts map[string]text) map[string]text {
	for key, t := range texts {
		texts[key] = text{One: disguise(t.One), Other: disguise(t.Other)}
	}
	return texts
}

func disguise(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("[")
	rest, letters := s, len([]rune(s))
	for {
		at := kept.FindStringIndex(rest)
		if at == nil {
			break
		}
		b.WriteString(accents.Replace(rest[:at[0]]) + rest[at[0]:at[1]])
		rest = rest[at[1]:]
	}
	b.WriteString(accents.Replace(rest) + strings.Repeat("~", (letters+2)/3) + "]")
	return b.String()
}
