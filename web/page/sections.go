package page

import "latchkey/authmethods"

// Section is one part of the administration.
type Section struct {
	Key     string // of its name: section.KEY
	Path    string
	Icon    string
	Letter  string // that goes there after a g; empty: none
	Right   authmethods.Right
	Current bool
}

// sections are all, in the order of the navigation. One without a right is shown to
// everybody who is signed in.
var sections = [...]Section{
	{Key: "overview", Path: "/", Icon: "overview", Letter: "o"},
	{Key: "methods", Path: "/methods", Icon: "key", Letter: "m", Right: authmethods.ViewMethods},
	{Key: "connections", Path: "/connections", Icon: "link", Letter: "c", Right: authmethods.ViewMethods},
	{Key: "sso", Path: "/sso", Icon: "door", Letter: "s", Right: authmethods.ViewConnectors},
	{Key: "users", Path: "/users", Icon: "people", Letter: "u", Right: authmethods.ViewUsers},
	{Key: "services", Path: "/service-accounts", Icon: "terminal", Letter: "k", Right: authmethods.ViewServices},
	{Key: "audit", Path: "/audit", Icon: "log", Letter: "a", Right: authmethods.ViewAudit},
	{Key: "settings", Path: "/settings", Icon: "sliders", Right: authmethods.ViewSettings},
	{Key: "developers", Path: "/developers", Icon: "code", Letter: "d"},
	{Key: "system", Path: "/system", Icon: "server", Right: authmethods.Operate},
}

// Sections are those that whoever asks may open. They keep the environment that is
// looked at.
func (c Chrome) Sections() []Section {
	var open []Section
	for _, s := range sections {
		if s.Right != "" && c.may != nil && !c.may(s.Right) {
			continue
		}
		s.Current = s.Key == c.section
		if c.Environment != "" {
			s.Path += "?env=" + string(c.Environment)
		}
		open = append(open, s)
	}
	return open
}
