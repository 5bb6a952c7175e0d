package pages_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/test/pages"
)

// english are words that every English sentence has one of, and no French one.
var english = regexp.MustCompile(`(?i)(^|\P{L})(the|of|is|are|was|were|and|with|this|that|has|have|not|from|which|your|you|must|been|it)(\P{L}|$)`)

// TestNothingIsSaidInEnglishToWhoReadsFrench looks at what is written on each page, but for
// names, code and what people wrote themselves.
func TestNothingIsSaidInEnglishToWhoReadsFrench(t *testing.T) {
	s := pages.New(t)
	ada := s.Visitor(t)
	objects := s.Furnish(t, ada)
	s.Trouble(t, ada, objects)
	marie := ada.In("fr")
	for _, screen := range s.Screens(t, ada, objects) {
		if screen.Do != "" {
			continue // the page that it leads on from is among these
		}
		a := marie.Get(screen.Path)
		if a.StatusCode >= http.StatusMultipleChoices && a.StatusCode < http.StatusBadRequest {
			continue
		}
		root, err := html.Parse(strings.NewReader(a.Body))
		must(t, err)
		for _, text := range said(root) {
			if english.MatchString(text) {
				t.Errorf("%s (%s) says: %s", screen.Name, screen.Path, text)
			}
		}
	}
}

// verbatim are elements whose text is nobody's language.
var verbatim = []string{"script", "style", "template", "code", "pre", "samp", "kbd", "bdi", "time", "textarea", "option"}

// said returns what a page says, in its texts and in the names that it gives to things.
func said(n *html.Node) (list []string) {
	if n.Type == html.TextNode {
		if text := strings.TrimSpace(n.Data); text != "" {
			list = append(list, text)
		}
	}
	if n.Type == html.ElementNode {
		if slices.Contains(verbatim, n.Data) {
			return nil
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "lang":
				if n.Data != "html" && a.Val == "en" {
					return nil
				}
			case "title", "alt", "placeholder", "aria-label", "aria-description":
				list = append(list, a.Val)
			}
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		list = append(list, said(child)...)
	}
	return list
}
