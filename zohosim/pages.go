package zohosim

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"
)

// Pages say in headers what they are, so that a program can walk them without reading HTML.
const (
	headerPage  = "X-Sim-Page"
	headerFlow  = "X-Sim-Flow"
	headerError = "X-Sim-Error"

	pageSignIn   = "signin"
	pageOrg      = "org"
	pageConsent  = "consent"
	pageDevice   = "device"
	pageDone     = "done"
	pageError    = "error"
	pageCallback = "callback"
)

//go:embed pages.html
var pagesHTML string

//go:embed style.css
var styleCSS string

const maintenancePage = `<!DOCTYPE html><html lang="en"><head><title>Zoho</title></head>` +
	`<body><h1>We are performing maintenance</h1><p>Please try again after some time.</p></body></html>`

// page is everything a template may show.
type page struct {
	Lang, Title, Text, Code, Detail string
	Style, Action, Flow             string
	Host, App, Email                string
	Users                           []*User
	Scopes                          []string
	Orgs                            map[string][]Org
	Chosen                          []Org
	OrgLevel                        bool
	Centres                         []DataCentre
	Clients                         []*Client
	Known                           []*User
}

func (c *call) page(status int, name string, p page) {
	c.status = status
	c.header.Set("Content-Type", "text/html;charset=UTF-8")
	c.header.Set("Cache-Control", "no-store")
	// No form-action: the answer to the consent form redirects to the client, and browsers apply
	// form-action to that redirect as well.
	c.header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.header.Set("X-Content-Type-Options", "nosniff")
	c.header.Set(headerPage, name)
	if p.Flow != "" {
		c.header.Set(headerFlow, p.Flow)
	}
	if p.Code != "" {
		c.header.Set(headerError, p.Code)
	}
	p.Style = c.s.origin(c.host.name) + "/_sim/style.css"
	p.Host = c.host.name
	c.body.Reset()
	if err := c.s.templates.ExecuteTemplate(&c.body, name, p); err != nil {
		c.status = http.StatusInternalServerError
	}
}

func parseTemplates() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"join": strings.Join}).Parse(pagesHTML))
}

func (s *Sim) signInPage(c *call, f *flow) page {
	p := page{Lang: "en", Title: "Sign in", Flow: f.id, App: f.client.Name, Action: c.accounts(c.dc, "/signin", nil)}
	for _, u := range s.users {
		if reachable(u, c.dc) {
			p.Users = append(p.Users, u)
		}
	}
	return p
}

func (s *Sim) orgPage(c *call, f *flow) page {
	p := page{Lang: "en", Title: "Choose an organisation", Flow: f.id, App: f.client.Name, Email: f.user.Email,
		Action: c.accounts(c.dc, "/oauth/v2/org/choose", nil), Orgs: map[string][]Org{}}
	for _, product := range f.scopes.products() {
		if f.orgs[product] == "" {
			p.Orgs[product] = f.user.orgsOf(product)
		}
	}
	return p
}

func (s *Sim) consentPage(c *call, f *flow) page {
	p := page{Lang: "en", Title: "Allow access", Flow: f.id, App: f.client.Name, Email: f.user.Email, Scopes: f.scopes,
		OrgLevel: f.orgLevel, Action: c.accounts(c.dc, "/oauth/v2/consent", nil)}
	for _, product := range f.scopes.products() {
		if o := f.user.org(f.orgs[product]); o != nil {
			p.Chosen = append(p.Chosen, *o)
		}
	}
	return p
}

func (s *Sim) devicePage(c *call) page {
	return page{Lang: "en", Title: "Connect a device", Action: c.accounts(c.dc, "/oauth/v3/device", nil)}
}

// refusePage is where Zoho leaves people whose request is wrong. The client never hears of it.
func (s *Sim) refusePage(c *call, problem, detail string) {
	status := or(s.sw.ErrorPageStatus, http.StatusOK)
	c.page(status, pageError, errorPage(s.language(c), problem, detail))
}

func (s *Sim) language(c *call) string {
	if s.sw.Language != "" {
		return s.sw.Language
	}
	for _, lang := range []string{"zh", "fr"} {
		if strings.HasPrefix(c.r.Header.Get("Accept-Language"), lang) {
			return lang
		}
	}
	return "en"
}

func errorPage(lang, code, detail string) page {
	titles := map[string]string{"en": "Something is not right", "zh": "出错了", "fr": "Une erreur est survenue"}
	texts := map[string]map[string]string{
		"en": {
			"invalid_client":        "Invalid client: this application does not exist, or is not enabled in this data centre.",
			"invalid_redirect_uri":  "The redirect URI does not match the one configured.",
			"invalid_scope":         "The scope is not valid or was not provided.",
			"invalid_response_type": "The response type is not valid.",
			"unknown_user":          "This account does not exist here.",
			"unknown_org":           "This account has no such organisation.",
			"not_an_admin":          "Only an administrator may allow this for the organisation.",
			"not_found":             "The page was not found.",
			"expired":               "This page is no longer valid. Start again from the application.",
		},
		"zh": {
			"invalid_client":       "客户端无效。",
			"invalid_redirect_uri": "重定向 URI 与已配置的不一致。",
			"invalid_scope":        "范围无效或未提供。",
		},
		"fr": {
			"invalid_client":       "Client non valide.",
			"invalid_redirect_uri": "L'URI de redirection ne correspond pas à celle configurée.",
			"invalid_scope":        "La portée n'est pas valide ou n'a pas été fournie.",
		},
	}
	if titles[lang] == "" {
		lang = "en"
	}
	fallback := map[string]string{"en": "The request is not valid.", "zh": "请求无效。", "fr": "La requête n'est pas valide."}
	return page{Lang: lang, Title: titles[lang], Code: code, Detail: detail,
		Text: or(texts[lang][code], fallback[lang])}
}

func donePage(code string) page {
	text := "The device is connected. You may close this page."
	if code == "device_denied" {
		text = "The device was refused. You may close this page."
	}
	return page{Lang: "en", Title: "Device", Text: text, Detail: code}
}
