package page

import (
	"latchkey/authmethods"
	"latchkey/web/words"
)

func (s sampler) menu(name string) Menu {
	return Menu{Name: name, Actions: []Action{
		{Label: s.pick("Open", "Ouvrir"), Href: "#open", Icon: "eye"},
		{Label: s.pick("Test now", "Tester"), Post: "#test", Icon: "play"},
		{Label: s.pick("Copy SSO login URL", "Copier l’URL de connexion SSO"), Href: "#url", Icon: "copy", Copy: "https://acme.example.com/api/sso/login/zoho"},
		{Label: s.pick("History", "Historique"), Href: "#history", Icon: "history"},
		{Label: s.pick("Disable…", "Désactiver…"), Href: "#disable", Icon: "power", Apart: true, Dialog: true},
		{Label: s.pick("Delete…", "Supprimer…"), Href: "#delete", Icon: "trash", Kind: "danger", Dialog: true},
	}}
}

func (s sampler) rows(w words.Words) []SampleRow {
	strip := func(bad, wait int, share float64) Strip {
		cells := make([]Kind, 48)
		for i := range cells {
			cells[i] = Good
			if i >= bad && i < bad+3 {
				cells[i] = Bad
			}
			if i >= wait && i < wait+4 {
				cells[i] = Wait
			}
		}
		return Strip{Cells: cells, Share: share, Span: w.Span(24 * 60 * 60 * 1e9)}
	}
	until := s.pick("until 10:42", "jusqu’à 10 h 42")
	enable := s.pick("Enable…", "Activer…")
	return []SampleRow{
		{Name: "Zoho Desk – Support", Kind: "Zoho Desk", Environment: authmethods.Production, Chip: Chip{State: "active", Href: "#why"}, Strip: strip(99, 99, 1), Loans: 4312, Menu: s.menu("Zoho Desk – Support")},
		{Name: "Zoho CRM – Europe", Kind: "Zoho CRM", Environment: authmethods.Production, Chip: Chip{State: "degraded", Note: until, Href: "#why", Action: s.pick("Why?", "Pourquoi ?")}, Strip: strip(99, 44, .9998), Loans: 187, Menu: s.menu("Zoho CRM – Europe")},
		{Name: "Salesforce", Kind: "Salesforce", Environment: authmethods.Sandbox, Chip: Chip{State: "reconnect_required", Href: "#reconnect", Action: s.pick("Reconnect…", "Reconnecter…"), Dialog: true}, Strip: strip(40, 20, .9312), Loans: 0, Menu: s.menu("Salesforce")},
		{Name: "Microsoft 365", Kind: "Microsoft Entra", Environment: authmethods.Sandbox, Chip: Chip{State: "disabled", Href: "#enable", Action: enable, Dialog: true}, Strip: Strip{Span: w.Span(24 * 60 * 60 * 1e9)}, Loans: 0, Menu: s.menu("Microsoft 365")},
	}
}

func (s sampler) corrections() Corrections {
	return Corrections{
		{Field: "client_id", Text: s.pick("The client ID begins with 1000. at Zoho.", "Chez Zoho, l’identifiant client commence par 1000.")},
		{Field: "environment", Text: s.pick("Choose an environment.", "Choisissez un environnement.")},
	}
}

func (s sampler) fields() []Field {
	wrong := s.corrections()
	return []Field{
		{Name: "name", Label: s.pick("Name", "Nom"), Value: "Zoho Desk – Support", Hint: s.pick("As your colleagues will know it.", "Tel que vos collègues la reconnaîtront.")},
		{Name: "client_id", Label: s.pick("Client ID", "Identifiant client"), Value: "100.AB12CD34", Mono: true, Error: wrong.Of("client_id")},
		{Name: "client_secret", Label: s.pick("Client secret", "Secret client"), Kind: "password", Autocomplete: "off", Mono: true, Optional: true, Hint: s.pick("Set on 12 November by Marie, ends in …b7f3. Leave it empty to keep it.", "Défini le 12 novembre par Marie, se termine par …b7f3. Laissez vide pour le conserver.")},
		{Name: "data_centre", Label: s.pick("Data centre", "Centre de données"), Kind: "select", Short: true, Options: []Option{{Value: "auto", Label: s.pick("Automatic", "Automatique")}, {Value: "eu", Label: "Europe", Chosen: true}, {Value: "us", Label: s.pick("United States", "États-Unis")}}},
		{Name: "note", Label: s.pick("Note", "Note"), Kind: "textarea", Optional: true, Placeholder: s.pick("For whoever comes after you", "Pour qui vous succédera")},
	}
}

func (s sampler) choices() []Choice {
	return []Choice{
		{
			Name: "environment", Legend: s.pick("Which environment?", "Quel environnement ?"), Error: s.corrections().Of("environment"),
			Options: []Option{
				{Value: "production", Label: "Production", Hint: s.pick("Live data. On the Zoho page, pick Acme.", "Données réelles. Sur la page de Zoho, choisissez Acme.")},
				{Value: "sandbox", Label: "Sandbox", Hint: s.pick("For trying out. On the Zoho page, pick Acme (Sandbox).", "Pour essayer. Sur la page de Zoho, choisissez Acme (Sandbox).")},
				{Value: "developer", Label: s.pick("Developer", "Développeur"), Hint: s.pick("Zoho Desk has none.", "Zoho Desk n’en a pas."), Disabled: true},
			},
		},
		{
			Name: "scopes", Legend: s.pick("Permissions", "Droits"), Many: true, Inline: true,
			Options: []Option{{Value: "t", Label: s.pick("Read tickets", "Lire les tickets"), Chosen: true}, {Value: "c", Label: s.pick("Read contacts", "Lire les contacts")}, {Value: "a", Label: s.pick("Read agents", "Lire les agents")}},
		},
	}
}

func (s sampler) notices() []Notice {
	return []Notice{
		{Kind: Bad, Title: s.pick("Access was withdrawn at Zoho", "L’accès a été retiré côté Zoho"), Text: s.pick("If nothing changes, services lose access at 10:58: 3 services, 42 people.", "Sans intervention, les services perdent l’accès à 10 h 58 : 3 services, 42 personnes."), Actions: []Action{{Label: s.pick("Reconnect…", "Reconnecter…"), Href: "#reconnect", Kind: "primary"}}},
		{Kind: Wait, Title: s.pick("Zoho asks us to wait until 10:31", "Zoho nous demande d’attendre jusqu’à 10 h 31"), Text: s.pick("The current token works until 10:58; there is nothing to do.", "Le jeton actuel fonctionne jusqu’à 10 h 58 ; il n’y a rien à faire.")},
		{Kind: Info, Text: s.pick("3 new permissions take effect after you reconnect.", "3 nouveaux droits prendront effet après reconnexion.")},
	}
}

func (s sampler) steps() []Step {
	return []Step{
		{Label: s.pick("Approved in Zoho", "Autorisé dans Zoho"), Note: "14 s", State: "done"},
		{Label: s.pick("Long-term access received", "Accès durable reçu"), Note: "0.3 s", State: "done"},
		{Label: s.pick("Test call answered", "Appel de test réussi"), Note: "200 · 0.4 s", State: "done"},
		{Label: s.pick("Environment confirmed", "Environnement confirmé"), State: "now"},
		{Label: s.pick("Enabled", "Activée"), State: "later"},
	}
}

func (s sampler) meters() []Meter {
	return []Meter{
		{ID: "m1", Label: s.pick("Refreshes in ten minutes", "Renouvellements en dix minutes"), Value: 3, Max: 10},
		{ID: "m2", Label: s.pick("Approvals by this person", "Autorisations de cette personne"), Value: 16, Max: 20, Kind: Wait},
		{ID: "m3", Label: s.pick("Active tokens", "Jetons actifs"), Value: 10, Max: 10, Kind: Bad},
	}
}
