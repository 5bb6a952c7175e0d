package story_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/authmethods"
	"latchkey/test/browser"
	"latchkey/test/fleet"
	"latchkey/web/words"
)

func TestTheFirstDay(t *testing.T) {
	for name, c := range map[string]struct {
		way
		fleet.Storage
	}{
		"with a script":                       {way{words.English, 1280, true}, fleet.SQLite},
		"without a script":                    {way{words.English, 1280, false}, fleet.SQLite},
		"in French":                           {way{words.French, 1280, true}, fleet.Postgres},
		"on a telephone":                      {way{words.English, 320, true}, fleet.SQLite},
		"in French on a telephone, no script": {way{words.French, 320, false}, fleet.SQLite},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := browser.New(t)
			s := newSite(t, c.Storage)
			ada := c.person(t, ctx)
			ada.settleIn(s.first)
			ada.makeMethod(s)
			ada.enable("sandbox", trialPortal)
			ada.enable("production", livePortal)
			address := ada.openDoor()
			ada.admit(marie)
			c.way.signIn(t, ctx, address)
			s.borrow(ada.makeService())
			connection := ada.findLoan()
			ada.mend(s, connection)
		})
	}
}

// settleIn opens the address that the program showed, makes the workspace, and sets a
// password.
func (p *person) settleIn(link string) {
	p.t.Helper()
	p.open(link)
	p.fill(p.Say("first_run.name"), workshop)
	p.fill(p.Say("first_run.slug"), "acme")
	p.fill(p.Say("first_run.person"), "Ada Moreau")
	p.fill(p.Say("first_run.user"), admin)
	p.follow(p.Say("first_run.submit"))
	p.sees(p.Say("invitation.title")) // the page goes on by itself
	p.fill(p.Say("login.new"), password)
	p.fill(p.Say("invitation.again"), password)
	p.follow(p.Say("invitation.submit"))
	p.sees(p.Say("flash.welcome"))
}

// section goes to a part of the site by the list of them, which has to be unfolded in a
// narrow window.
func (p *person) section(key string) {
	p.t.Helper()
	p.until("list of sections", `(() => { `+look+`
		const menu = find("header summary", `+quoted(p.Say("chrome.menu"))+`, ""), side = [...document.querySelectorAll("nav.side a")].find(seen);
		return ready && (menu || side) ? "true" : "";
	})()`, nil)
	narrow, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`innerWidth < 900 && !([...document.querySelectorAll("nav.side a")].some(e => e.checkVisibility()))`))
	must(p.t, err)
	if narrow {
		p.press(p.Say("chrome.menu"))
	}
	p.follow(p.Say("section." + key))
	p.sees(p.Say("section." + key))
}

// preset is what a preset of scopes is called, which the catalogue says and no page.
var preset = map[words.Language]string{words.English: "Contact-centre pop-up", words.French: "Fiche d’appel du centre de contact"}

// makeMethod makes the method by its form, and registers at Zoho what the form says.
func (p *person) makeMethod(s *site) {
	p.t.Helper()
	p.section("methods")
	p.follow(p.Say("methods.create"))
	p.follow("Zoho Desk")
	approvals, signIns := p.copied(p.Say("methods.redirect.approval")), p.copied(p.Say("methods.redirect.sign_in"))
	s.register(p.copied(p.Say("methods.guide.name")), approvals, signIns)
	p.fill(p.Say("methods.paste"), approvals+"/\n"+signIns) // one character too many
	p.follow(p.Say("methods.paste.check"))
	p.sees(p.Say("methods.paste.flaw.slash"))
	p.fill(p.Say("methods.paste"), approvals+"\n"+signIns)
	p.follow(p.Say("methods.paste.check"))
	p.sees(p.Say("methods.paste.good"))
	p.follow(preset[p.Language()], p.Say("methods.presets"))
	p.fill(p.Say("methods.scopes.other"), "openid\nemail\nprofile")
	p.fill(p.Say("methods.name"), "Zoho Desk")
	p.fill(p.Say("methods.client_id"), clientID)
	p.fill(p.Say("methods.secret"), clientSecret)
	p.follow(p.Say("methods.save"))
	p.sees(p.Say("flash.method_created", "name", "Zoho Desk"))
}

// clicksToConsent is how many clicks lie between the list and the provider at most: the
// status, the environment, and going on.
const clicksToConsent = 3

// enable goes from the list to the provider and back.
func (p *person) enable(environment, portal string) {
	p.t.Helper()
	in := p.Say("environment." + environment)
	p.section("methods")
	before := p.clicks
	p.follow(p.Say("state.disabled"), in)
	p.leave(in)
	if n := p.clicks - before; n > clicksToConsent {
		p.t.Errorf("from the list to the consent there are %d clicks, more than %d", n, clicksToConsent)
	}
	p.approve(portal)
	p.section("methods")
	p.press(p.Say("state.active"), in)
}

// leave goes on from the validation window to the provider.
func (p *person) leave(in string) {
	p.t.Helper()
	p.click("label", in, "")
	p.follow(p.Say("start.continue", "provider", "Zoho Desk"))
	p.sees(workshop + " ") // the simulator's pages name who asks
}

// approve answers Zoho's questions: who one is, unless it knows, for which organisation,
// and whether one agrees.
func (p *person) approve(portal string) {
	p.t.Helper()
	if p.sees("Choose who you are", "will act for one organisation") == "Choose who you are" {
		p.follow(admin)
	}
	p.click("label", portal, "")
	p.follow("Continue")
	p.follow("Accept")
	p.sees(p.Say("completed.title", "method", "Zoho Desk"))
	p.follow(p.Say("methods.back"))
}

// openDoor makes an SSO connector and returns the address by which people come in.
func (p *person) openDoor() string {
	p.t.Helper()
	p.section("sso")
	p.follow(p.Say("people.sso.new"))
	p.fill(p.Say("people.field.name"), "Zoho")
	p.fill(p.Say("people.field.reference"), "zoho")
	p.choose(p.Say("people.field.method"), "Zoho Desk")
	p.follow(p.Say("people.sso.create"))
	p.section("sso")
	p.press(p.Say("menu.actions", "name", "Zoho"))
	if p.script {
		return p.takes(p.Say("people.sso.copy"))
	}
	p.follow(p.Say("people.sso.copy"))
	return p.read(p.Say("people.sso.login_url"))
}

// admit makes a user and puts the connector on their card.
func (p *person) admit(name string) {
	p.t.Helper()
	p.section("users")
	p.follow(p.Say("people.users.new"))
	p.fill(p.Say("people.field.user_name"), name)
	p.follow(p.Say("people.users.create"))
	p.choose(p.Say("people.field.add_connector"), "Zoho")
	p.follow(p.Say("people.associate.do"))
	p.sees(plain(p.Say("people.user.as", "connector", "Zoho", "account", name)))
}

// signIn has Marie come in by the address that she was given, in a browser of her own.
func (w way) signIn(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	defer cancel()
	must(t, chromedp.Do(ctx))
	p := w.person(t, ctx)
	p.open(address)
	p.follow(marie)
	p.follow("Accept")
	p.sees(p.Say("section.overview"))
	p.press(p.Say("chrome.account", "name", marie))
	p.sees(p.Say("chrome.sign_out"))
}

// makeService makes a service account and returns the key, which is shown once.
func (p *person) makeService() string {
	p.t.Helper()
	p.section("services")
	p.follow(p.Say("services.create"))
	p.fill(p.Say("services.name"), "Telephone")
	p.press("Zoho Desk, " + p.Say("environment.production"))
	p.follow(p.Say("services.new.submit"))
	p.sees(p.Say("services.issued"))
	key := p.copied(p.Say("services.key"))
	p.follow(p.Say("services.issued.saved"))
	if strings.Contains(p.shown(), key) {
		p.t.Error("the key is shown again")
	}
	return key
}

// findLoan looks who holds a token of the live portal, and returns the path of the
// connection.
func (p *person) findLoan() string {
	p.t.Helper()
	p.section("connections")
	p.follow("Zoho Desk", p.Say("environment.production"))
	p.sees(p.Say("headline.active"))
	connection := p.path()
	p.follow(p.Say("connections.holders.all"))
	p.sees(p.Say("loans.caption", "n", 1))
	p.sees("Telephone")
	p.sees("call pop-up")
	return connection
}

// mend loses the access at the provider, reads what the page says of it, and reconnects
// in place.
func (p *person) mend(s *site, connection string) {
	p.t.Helper()
	s.Provider.RemoveApp(admin, clientID)
	in := p.Say("environment.production")
	p.section("connections")
	p.follow("Zoho Desk", in)
	p.press(p.Say("menu.actions", "name", "Zoho Desk"))
	p.follow(p.Say("connections.refresh"))
	p.follow(p.Say("connections.refresh.do"))
	p.sees(p.Diagnosis(authmethods.Diagnose(authmethods.CodeGrantLost)).Title)
	p.sees(p.Say("state.reconnect_required"))
	p.follow(p.Say("connections.reconnect"))
	p.leave(in)
	p.approve(livePortal)
	p.section("connections")
	p.press(p.Say("state.active"), in)
	p.section("connections")
	p.follow("Zoho Desk", in)
	if at := p.path(); at != connection {
		p.t.Errorf("after it was reconnected the connection is %s, not %s", at, connection)
	}
	p.sees(p.Say("headline.active"))
}
