package words

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Narrow is the narrow no-break space, which French sets before high punctuation
// and between the thousands of a number.
const Narrow = "\u202f"

// Number writes n with its thousands set apart: 4,312 or 4 312.
func (w Words) Number(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "−"
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	apart := ","
	if w.Language() == French {
		apart = Narrow
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(apart)
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// Percent writes a share of 1 with at most two decimals: 99.98% or 99,98 %. What is
// not quite everything is never rounded up to 100, nor what is something down to 0.
func (w Words) Percent(share float64) string {
	rounded := math.Round(share*1e4) / 1e2
	switch {
	case share < 1 && rounded >= 100:
		rounded = 99.99
	case share > 0 && rounded <= 0:
		rounded = 0.01
	}
	s := strconv.FormatFloat(rounded, 'f', -1, 64)
	if w.Language() == French {
		return strings.Replace(s, ".", ",", 1) + Narrow + "%"
	}
	return s + "%"
}

// List joins what is in a list: a, b and c.
func (w Words) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + w.Say("list.and") + " " + items[last]
}

// Capital returns s with a capital at its beginning.
func Capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
