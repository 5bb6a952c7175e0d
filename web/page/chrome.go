package page

import (
	"cmp"
	"net/url"
	"time"

	"latchkey/authmethods"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Chrome is what every page has around its own part. The zero value is that of a
// page in English for nobody in particular.
type Chrome struct {
	Words  words.Words
	Theme  string   // "light", "dark" or "" for the system's
	Tenant string   // name, empty where there is none
	Person *Person  // who is signed in; nil: nobody
	Flash  *Flash   // what the page before has to tell
	Frozen []Notice // what is stopped at present
	// Environment is the one that lists are limited to, or that the page is about;
	// empty: all.
	Environment authmethods.Environment

	left    time.Duration // until the session ends if nothing is done; 0: nobody is signed in
	packed  bool          // the page is sent compressed
	section string
	path    string
	query   url.Values
	may     func(authmethods.Right) bool
}

// Person is somebody as the top bar shows them.
type Person struct {
	Name  string
	Email string // empty: none is known
	// What proves that the forms of the menu were sent by it.
	PreferencesToken, SignOutToken string
}

// Initial is a letter for the person.
func (p Person) Initial() string {
	for _, r := range p.Name {
		return words.Capital(string(r))
	}
	return "?"
}

// The addresses that the chrome leads to. The last two are forms, sent by POST with
// their token as "csrf": the one has also "theme" or "language", and "return_to", a
// path; the other nothing else.
const (
	SearchPath      = "/search"
	AccountPath     = "/account"
	PreferencesPath = "/account/preferences"
	StayPath        = "/account/session"
	SignOutPath     = "/logout"
)

// AsideHeader marks what a page asks for by itself: it does not prolong the session.
const AsideHeader = "Latchkey-Aside"

// What the tokens of the chrome's forms are for (see [session.Present.FormToken]).
const (
	PreferencesForm = "account"
	SignOutForm     = "logout"
)

// ChromeOf returns the chrome for whoever asks. It takes the flash message away from
// the browser, so it is called once, by what answers with a page.
func ChromeOf(c *route.Call) Chrome {
	r, w := c.Request(), Words(c)
	chrome := Chrome{
		Words: w, Tenant: c.Tenant.Name, Flash: takeFlash(c), Frozen: frozen(c, w),
		path: r.URL.Path, query: r.URL.Query(), packed: takesPacked(r.Header),
		may: func(right authmethods.Right) bool { return c.Caller.May(right) == nil },
	}
	if e := authmethods.Environment(chrome.query.Get("env")); e.Valid() {
		chrome.Environment = e
	}
	if c.Person != nil {
		u := c.Person.User
		chrome.Theme, chrome.left = theme(u.Theme), c.Person.Left()
		chrome.Person = &Person{
			Name: cmp.Or(u.DisplayName, u.UserName), Email: u.Email,
			PreferencesToken: c.Person.FormToken(PreferencesForm), SignOutToken: c.Person.FormToken(SignOutForm),
		}
	}
	return chrome
}

// SessionLeft is how many seconds the session goes on if nothing is done; 0 where nobody
// is signed in.
func (c Chrome) SessionLeft() int64 { return int64(c.left / time.Second) }

// StayPath is where the page asks how long the session goes on.
func (Chrome) StayPath() string { return StayPath }

// Words returns what speaks the language of whoever asks.
func Words(c *route.Call) words.Words {
	var setting string
	if c.Person != nil {
		setting = c.Person.User.Language
	}
	return words.In(words.Match(c.Request().Header.Get("Accept-Language"), setting))
}

func theme(s string) string {
	if s == "light" || s == "dark" {
		return s
	}
	return ""
}

// Language is that of the page.
func (c Chrome) Language() words.Language { return c.Words.Language() }

// StylePath is the address of the style sheet.
func (Chrome) StylePath() string { return StylePath }

// ProgramPath is the address of the script.
func (Chrome) ProgramPath() string { return static + program.name }

// Here is the address of the page itself, without what is not asked for twice.
func (c Chrome) Here() string {
	if c.path == "" {
		return "/"
	}
	if q := c.query.Encode(); q != "" {
		return c.path + "?" + q
	}
	return c.path
}

// Trial reports a page about an environment that is not for live data.
func (c Chrome) Trial() bool {
	return c.Environment == authmethods.Sandbox || c.Environment == authmethods.Developer
}

// Filter is one of the environments to choose from.
type Filter struct {
	Environment string // "all" or the environment
	Href        string
	Current     bool
}

// Filters are the environments to choose from, each with this page's own address.
func (c Chrome) Filters() []Filter {
	var filters []Filter
	for _, e := range []authmethods.Environment{"", authmethods.Production, authmethods.Sandbox} {
		q := url.Values{}
		for name, values := range c.query {
			if name != "cursor" { // where somebody was in another list
				q[name] = values
			}
		}
		q.Del("env")
		if e != "" {
			q.Set("env", string(e))
		}
		href := cmp.Or(c.path, "/")
		if len(q) > 0 {
			href += "?" + q.Encode()
		}
		filters = append(filters, Filter{Environment: cmp.Or(string(e), "all"), Href: href, Current: c.Environment == e})
	}
	return filters
}

// Themes are those to choose from; the empty one is the system's.
func (Chrome) Themes() []string { return []string{"", "light", "dark"} }

// Languages are those to choose from.
func (Chrome) Languages() []words.Language { return words.Languages[:] }

// PreferencesPath is where the form of theme and language goes.
func (Chrome) PreferencesPath() string { return PreferencesPath }

// SignOutPath is where the button goes that signs out.
func (Chrome) SignOutPath() string { return SignOutPath }

// AccountPath is where people change what is their own.
func (Chrome) AccountPath() string { return AccountPath }

// SearchPath is where a search goes.
func (Chrome) SearchPath() string { return SearchPath }

// frozen says of each freeze what it stops, since when, by whom and why, and who lifts it.
func frozen(c *route.Call, w words.Words) []Notice {
	var list []Notice
	for _, f := range c.Frozen {
		text := w.Say("freeze.since", "at", w.Moment(f.At), "by", cmp.Or(f.By.Name, string(f.By.ID)))
		if f.Reason != "" {
			text += " " + w.Say("freeze.reason", "reason", f.Reason)
		}
		text += " " + w.Say("freeze.means") + " " + w.Say("freeze.lifter."+string(f.Lifter))
		n := Notice{Kind: Bad, Title: w.Say("freeze."+string(f.Scope), "name", f.Object), Text: text}
		if mayLift(c, f) {
			n.Actions = []Action{{Label: w.Say("freeze.show"), Href: freezePath(f), Dialog: true}}
		}
		list = append(list, n)
	}
	return list
}

// mayLift reports whether whoever asks may lift the freeze.
func mayLift(c *route.Call, f authmethods.Freeze) bool {
	return c.May(authmethods.ModifyFreezes) && f.Lifter == authmethods.LiftedByAdministrator && f.Scope != authmethods.FreezeEverything || c.May(authmethods.Operate)
}

// freezePath is the page on which the freeze is lifted.
func freezePath(f authmethods.Freeze) string {
	switch f.Scope {
	case authmethods.FreezeMethod:
		return "/methods/" + string(f.ID) + "/freeze"
	case authmethods.FreezeService:
		return "/service-accounts/" + string(f.ID) + "/freeze"
	case authmethods.FreezeTenant:
		return "/settings/freeze"
	}
	return "/system/freeze"
}
