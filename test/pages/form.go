package pages

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// filledIn is the form with this action as a browser would send it untouched.
func filledIn(t testing.TB, document, action string) (url.Values, bool) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	must(t, err)
	for n := range root.Descendants() {
		if n.Data == "form" && attribute(n, "action") == action && strings.EqualFold(attribute(n, "method"), "post") {
			return controls(n), true
		}
	}
	return nil, false
}

// controls are what the fields of a form hold, and the value of its button if there is
// but one: of several, it is for the test to say which is pressed.
func controls(form *html.Node) url.Values {
	values := url.Values{}
	var buttons []*html.Node
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if n.Type != html.ElementNode || name == "" || has(n, "disabled") {
			continue
		}
		switch n.Data {
		case "input":
			kind := attribute(n, "type")
			if kind != "checkbox" && kind != "radio" || has(n, "checked") {
				values.Add(name, attribute(n, "value"))
			}
		case "textarea":
			values.Add(name, strings.TrimPrefix(text(n), "\n"))
		case "select":
			values.Add(name, selected(n))
		case "button":
			buttons = append(buttons, n)
		}
	}
	if len(buttons) == 1 {
		values.Add(attribute(buttons[0], "name"), attribute(buttons[0], "value"))
	}
	return values
}

// selected is what a menu proposes: the option that is marked, or else the first.
func selected(menu *html.Node) string {
	first, found := "", false
	for n := range menu.Descendants() {
		if n.Data != "option" {
			continue
		}
		if has(n, "selected") {
			return attribute(n, "value")
		}
		if !found {
			first, found = attribute(n, "value"), true
		}
	}
	return first
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
