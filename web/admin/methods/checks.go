package methods

import (
	"errors"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
	"latchkey/web/page"
	"latchkey/web/route"
)

// checker looks at what can be looked at before anybody leaves for the provider.
type checker struct {
	*seen
	call *route.Call
	list []page.MethodCheck
}

func (k *checker) add(kind page.Kind, text string, fix *page.Action) {
	k.list = append(k.list, page.MethodCheck{Kind: kind, Text: text, Fix: fix})
}

// edit leads to a field of the form.
func (k *checker) edit(field string) *page.Action {
	return &page.Action{Label: k.words.Say("methods.check.edit"), Href: pathOf(k.method.ID, "edit") + "#f-" + field, Kind: "bare"}
}

func (h *Handlers) checks(c *route.Call, s *seen, connections map[place]tokens.Connection) ([]page.MethodCheck, error) {
	k := &checker{seen: s, call: c}
	k.client()
	k.secret()
	k.address(h.PublicURL)
	k.provider()
	k.scopes()
	if err := k.others(); err != nil {
		return nil, err
	}
	k.budget(connections)
	return k.list, nil
}

// client looks at the shape of the client ID.
func (k *checker) client() {
	m := &k.method
	switch {
	case m.Mode == authmethods.ModeStaticToken:
	case m.ClientID == "":
		k.add(page.Bad, k.words.Say("methods.check.client.none"), k.edit("client_id"))
	case len(k.kind.Warnings(m)) > 0:
		k.add(page.Wait, k.words.Say("methods.check.client.odd", "provider", k.kind.Name), k.edit("client_id"))
		k.list[len(k.list)-1].Note = k.kind.Client.IDHint
	default:
		k.add(page.Good, k.words.Say("methods.check.client", "client", short(m.ClientID)), nil)
	}
}

func (k *checker) secret() {
	set := k.method.Secret.Set
	for _, e := range k.method.Environments {
		set = set || e.Secret.Set
	}
	public := k.kind.Client.Authentication == catalog.ClientAuthNone || k.method.Settings.ClientAuth == string(catalog.ClientAuthNone)
	switch {
	case set:
		k.add(page.Good, k.words.Say("methods.check.secret", "end", k.method.Secret.Last4), nil)
	case public:
	default:
		k.add(page.Bad, k.words.Say("methods.check.secret.none"), k.edit("client_secret"))
	}
}

// address looks whether this page was opened under the address that providers send
// people back to.
func (k *checker) address(at authmethods.PublicURL) {
	origin := at.Origin(k.call.Tenant.Slug)
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, "/")
	if strings.EqualFold(host, k.call.Request().Host) {
		k.add(page.Good, k.words.Say("methods.check.address", "address", origin), nil)
		return
	}
	d := k.words.Diagnosis(authmethods.Diagnose(authmethods.CodePublicAddress))
	k.add(page.Bad, k.words.Say("methods.check.address.other", "address", origin, "here", k.call.Request().Host)+" ("+d.Ref+"). "+d.Action,
		&page.Action{Label: k.words.Say("methods.check.address.open"), Href: origin + k.call.Request().URL.RequestURI(), Kind: "bare"})
}

// provider looks whether the addresses at the provider are all known, in the first
// environment that there is.
func (k *checker) provider() {
	list := k.kind.EnvironmentsInOrder()
	if len(list) == 0 {
		k.add(page.Bad, k.words.Say("methods.check.provider.gone"), nil)
		return
	}
	p, err := k.kind.Resolve(catalog.ChoiceOf(&k.method, list[0], ""))
	var wrong *authmethods.Problem
	switch {
	case errors.As(err, &wrong) && len(wrong.Fields) > 0:
		k.add(page.Bad, k.words.Say("methods.check.provider.incomplete", "provider", k.kind.Name), k.edit(fieldOf(wrong.Fields[0].Pointer)))
		k.list[len(k.list)-1].Note = wrong.Fields[0].Detail
	case err == nil && p.TokenEndpoint != "":
		k.add(page.Good, k.words.Say("methods.check.provider", "host", hostOf(p.TokenEndpoint)), nil)
	case err == nil && p.Issuer != "":
		k.add(page.Good, k.words.Say("methods.check.provider", "host", hostOf(p.Issuer)), nil)
	}
}

func (k *checker) scopes() {
	if len(k.method.Scopes) == 0 {
		return
	}
	found := remarks(k.words, k.kind, k.method.Scopes)
	if len(found) == 0 {
		k.add(page.Good, k.words.Say("methods.check.scopes", "n", len(k.method.Scopes)), nil)
		return
	}
	k.add(page.Wait, k.words.Say("methods.check.scopes.odd", "what", strings.Join(found, " ")), k.edit("scopes"))
}

// others looks for methods with the same client: what is revoked or limited for one
// is so for all.
func (k *checker) others() error {
	if k.method.ClientID == "" {
		return nil
	}
	methods, err := all(k.call.Request().Context(), k.Tenant)
	if err != nil {
		return err
	}
	var same []string
	for i := range methods {
		if m := &methods[i]; m.ID != k.method.ID && m.IntegrationType == k.method.IntegrationType && m.ClientID == k.method.ClientID {
			same = append(same, m.Name)
		}
	}
	if len(same) == 0 {
		k.add(page.Good, k.words.Say("methods.check.alone"), nil)
		return nil
	}
	k.add(page.Wait, k.words.Say("methods.check.shared", "methods", same), nil)
	return nil
}

// budget tells of the provider's limit on renewals.
func (k *checker) budget(connections map[place]tokens.Connection) {
	for at, x := range connections {
		if x.State == tokens.Throttled {
			k.add(page.Wait, k.words.Say("methods.check.budget.over", "provider", k.kind.Name,
				"environment", k.named(at.environment), "time", k.words.Clock(x.RetryAt)), nil)
			return
		}
	}
	if limit := k.kind.Limits.Refreshes; limit.Allowed > 0 {
		k.add(page.Good, k.words.Say("methods.check.budget", "provider", k.kind.Name, "n", limit.Allowed,
			"span", k.words.Span(limit.Window), "budget", limit.Budget), nil)
	}
}
