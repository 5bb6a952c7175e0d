package sso

import (
	"maps"
	"slices"
	"unicode"
)

// together are the scripts that are written together in one word without being
// mistaken for each other: the level "highly restrictive" of Unicode Technical
// Standard 39 section 5.2.
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// mixesScripts reports whether s has letters of scripts that are not written
// together, such as a Cyrillic а among Latin letters.
func mixesScripts(s string) bool {
	found := map[string]bool{}
	for _, r := range s {
		if name := scriptOf(r); name != "Common" && name != "Inherited" {
			found[name] = true
		}
	}
	if len(found) <= 1 {
		return false
	}
	return !slices.ContainsFunc(together, func(set []string) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(found)), func(name string) bool { return !slices.Contains(set, name) })
	})
}

// scriptOf returns the name of the script of r, and an empty one for what has none.
func scriptOf(r rune) string {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
		return "Latin"
	case r < 0x80:
		return "Common"
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// dotsTwice reports a dot above a letter that has one already, or lost it, which
// looks like the letter alone: what becomes of a Turkish İ in lower case.
func dotsTwice(s string) bool {
	var before rune
	for _, r := range s {
		if r == '\u0307' && (unicode.Is(unicode.Soft_Dotted, before) || before == 'ı' || before == 'ȷ') {
			return true
		}
		before = r
	}
	return false
}
