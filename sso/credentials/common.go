package credentials

import (
	_ "embed"
	"regexp"
	"sort"
	"strings"
)

//go:generate go run generate_common.go

// commonList holds passwords of 12 characters and more that are made the way most
// are: words with years and digits, ways along the keyboard, and those that every
// list of leaked ones begins with. They stand as [plain] writes them, so that each
// is all its spellings, one in a line and sorted.
//
// It is made by rules and by hand, not from leaks, and holds a small part of what
// leaked: whoever wants the rest refused as well gives a file of it, see
// [OpenBreached].
//
//go:embed common.txt
var commonList string

// common reports whether a password is in the list, whatever stands around or
// between its letters and digits.
func common(text string) bool {
	dense := strings.Map(func(r rune) rune {
		if notOwn(r) {
			return -1
		}
		return r
	}, text)
	return listed(plain(text)) || listed(plain(strings.TrimFunc(text, notOwn))) || listed(plain(dense)) ||
		listed(plain(lastYear.ReplaceAllString(dense, "2000")))
}

// lastYear is a year at the end, of which the list has one for all.
var lastYear = regexp.MustCompile(`(19|20)\d\d$`)

// listed searches the list in place: it is never taken apart.
func listed(line string) bool {
	// The first line that is not below; lines begin after ends of lines.
	at := sort.Search(len(commonList), func(i int) bool {
		start := strings.LastIndexByte(commonList[:i], '\n') + 1
		return lineAt(start) >= line
	})
	start := strings.LastIndexByte(commonList[:at], '\n') + 1
	return start < len(commonList) && lineAt(start) == line
}

func lineAt(start int) string {
	text, _, _ := strings.Cut(commonList[start:], "\n")
	return text
}
