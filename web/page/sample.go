package page

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/web/route"
	"latchkey/web/words"
)

// ComponentsPage shows every component in its states, for those who work on pages.
type ComponentsPage struct {
	Menu        Menu
	Crumbs      []Crumb
	Tabs        []Tab
	States      []State
	Chips       []Chip
	Rows        []SampleRow
	Corrections Corrections
	Fields      []Field
	Choices     []Choice
	Buttons     []Action
	Flashes     []Flash
	Notices     []Notice
	Copied      Copied
	Steps       []Step
	Meters      []Meter
	Empty       Empty
	Pager       Pager
	Now         time.Time
	Icons       []string
	English     bool
}

// SampleRow is a line of the sample's table.
type SampleRow struct {
	Name, Kind  string
	Environment authmethods.Environment
	Chip        Chip
	Strip       Strip
	Loans       int
	Menu        Menu
}

// Sample is the page of all components.
var Sample = Admin[ComponentsPage]("components", "methods")

// ShowComponents is GET /components. It is served in development only. The
// parameters lang (en, fr or en-x-pseudo), theme and env choose how it looks.
func ShowComponents(c *route.Call) error {
	chrome := ChromeOf(c)
	if l := words.Language(c.QueryParam("lang")); l.Known() || l == words.Pseudo {
		chrome.Words = words.In(l)
	}
	chrome.Theme = theme(c.QueryParam("theme"))
	if chrome.Person == nil {
		chrome.Person, chrome.may = &Person{Name: "Marie Dupont", Email: "marie@acme.example"}, nil
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return Sample.Write(c.Response(), http.StatusOK, chrome, Components(chrome.Words, time.Now()))
}

// sampler says the samples' texts, which are no part of the catalogue.
type sampler struct{ words.Words }

func (s sampler) pick(english, french string) string {
	if s.Language() == words.French {
		return french
	}
	return english
}

// Components is the sample of everything.
func Components(w words.Words, now time.Time) ComponentsPage {
	s := sampler{w}
	return ComponentsPage{
		Menu: s.menu("Zoho Desk – Support"), Now: now.Add(-3 * time.Minute), English: w.Language() != words.French,
		Crumbs: []Crumb{{Label: w.Say("section.methods"), Href: "#methods"}},
		Tabs: []Tab{
			{Label: s.pick("Status", "État"), Href: "#status", Current: true}, {Label: s.pick("Settings", "Réglages"), Href: "#settings"},
			{Label: s.pick("Permissions", "Droits"), Href: "#scopes", Count: 12}, {Label: s.pick("Activity", "Activité"), Href: "#activity"},
			{Label: s.pick("Used by", "Utilisée par"), Href: "#used", Count: 3},
		},
		States: []State{"disabled", "awaiting_approval", "active", "degraded", "throttled", "reconnect_required", "revoked"},
		Rows:   s.rows(w), Corrections: s.corrections(), Fields: s.fields(), Choices: s.choices(),
		Buttons: []Action{
			{Label: s.pick("Enable…", "Activer…"), Href: "#enable", Kind: "primary", Dialog: true},
			{Label: s.pick("Test now", "Tester"), Post: "#test", Icon: "play"},
			{Label: s.pick("Copy approval link", "Copier le lien d’autorisation"), Href: "#link", Icon: "copy", Copy: "https://acme.example.com/approve/k3wq7dm"},
			{Label: s.pick("Disable and revoke", "Désactiver et révoquer"), Post: "#revoke", Kind: "danger"},
			{Label: s.pick("Cancel", "Annuler"), Href: "#cancel", Kind: "bare"},
		},
		Flashes: []Flash{
			{Good, s.pick("Enabled. Services can borrow tokens now; the next refresh is at 10:42.", "Activée. Les services peuvent emprunter des jetons ; prochain renouvellement à 10 h 42.")},
			{Info, w.Say("flash.saved", "name", "Zoho Desk – Support")},
		},
		Notices: s.notices(), Steps: s.steps(), Meters: s.meters(),
		Copied: Copied{
			ID: "redirect", Label: s.pick("Redirect address for approvals", "Adresse de redirection pour les autorisations"),
			Hint:  s.pick("Paste it into the Zoho API console, exactly as it stands.", "À coller telle quelle dans la console API de Zoho."),
			Value: "https://acme.example.com/api/authclients/k3wq7dm/p9xh2ta",
		},
		Empty: Empty{
			Icon: "key", Title: s.pick("No authentication methods yet", "Aucune méthode d’authentification"),
			Text:    s.pick("A method lets your services use an outside account, such as Zoho Desk, without anyone handling passwords. You will need about five minutes and access to the Zoho API console.", "Une méthode permet à vos services d’utiliser un compte extérieur, tel que Zoho Desk, sans que personne ne manipule de mot de passe. Prévoyez cinq minutes et un accès à la console API de Zoho."),
			Actions: []Action{{Label: s.pick("Create a method", "Créer une méthode"), Href: "#new", Kind: "primary", Icon: "plus"}, {Label: s.pick("Practise with the simulator", "S’exercer avec le simulateur"), Href: "#demo"}},
		},
		Pager: Pager{Summary: s.pick("1–25 of 4,312 loans", "1–25 sur 4 312 prêts"), Next: "#next"},
		Icons: []string{"key", "link", "door", "people", "terminal", "webhook", "log", "sliders", "code", "server", "refresh", "trash", "pencil", "eye", "history", "power", "lock", "mail", "download", "filter", "shield", "external", "down", "plus"},
	}
}
