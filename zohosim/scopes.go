package zohosim

import (
	"slices"
	"strings"
)

// scopes is a list of scope names as they were asked for; comparison ignores case, because
// clients in the wild write the same scope in several ways.
type scopes []string

func parseScopes(text, spaces string) scopes {
	list := splitScopes(text, ",")
	bySpace := splitScopes(text, ", ")
	switch {
	case spaces == "always":
		return bySpace
	case spaces == "never":
		return list
	case !slices.ContainsFunc(bySpace, func(name string) bool { return !isOIDC(name) }):
		return bySpace
	}
	return list
}

func splitScopes(text, separators string) scopes {
	var list scopes
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if name = strings.Trim(name, " "); name != "" && !list.has(name) {
			list = append(list, name)
		}
	}
	return list
}

func isOIDC(name string) bool {
	return slices.Contains([]string{"openid", "email", "profile", "phone"}, strings.ToLower(name))
}

func (list scopes) has(name string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, name) })
}

// allows says whether any of the wanted scopes is granted, counting X.ALL and the scope of a
// whole module for its parts.
func (list scopes) allows(wanted ...string) bool {
	for _, want := range wanted {
		if list.has(want) {
			return true
		}
		for base := want; strings.Contains(base, "."); {
			base = base[:strings.LastIndex(base, ".")]
			if list.has(base + ".ALL") {
				return true
			}
		}
	}
	return false
}

func (list scopes) wantsIDToken() bool {
	return list.has("openid") || list.has("email") || list.has("profile")
}

// products are the products with organisations that the scopes reach.
func (list scopes) products() []string {
	var found []string
	for _, name := range list {
		product := ""
		switch module, _, _ := strings.Cut(strings.ToLower(name), "."); module {
		case "desk":
			product = Desk
		case "zohocrm":
			product = CRM
		}
		if product != "" && !slices.Contains(found, product) {
			found = append(found, product)
		}
	}
	return found
}

// canonical is the same text for the same set of scopes.
func (list scopes) canonical() string {
	names := make([]string, len(list))
	for i, name := range list {
		names[i] = strings.ToLower(name)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// knownScopes maps a scope's module to its operations, in lower case.
func knownScopes() map[string][]string {
	all := strings.Fields("read create update delete all write")
	crud := all[:5]
	known := map[string][]string{
		"desk.search": {"read", "all"}, "desk.zia": crud, "desk.instantmessages": {"read", "create", "update"},
		"desk.custommodule": {"read", "all"}, "desk.organization": {"read", "update"}, "desk.agents": {"read", "update"},
		"desk.departments": {"read"}, "desk.fields": {"read", "all"}, "desk.layouts": {"read", "all"},
		"desk.phonebridge": {"read", "create"}, "desk.deskoembed": {"read"}, "desk": {"imports", "exports"},
		"desk.imports": {"custom"}, "desk.exports": {"custom"},
		"aaaserver.profile": {"read"}, "profile.userphoto": {"read", "update"}, "profile.orglogo": {"update"},
		"zohosearch.securesearch": {"read"}, "zohocrm.coql": {"read"},
	}
	for _, module := range strings.Fields("tickets contacts accounts tasks calls events basic settings articles products") {
		known["desk."+module] = all
	}
	for _, module := range strings.Fields("activities activities.tasks activities.calls activities.events " +
		"settings.extension community forums feeds extensions integrations webhooks") {
		known["desk."+module] = crud
	}
	for _, module := range strings.Fields("modules settings users org bulk notifications") {
		known["zohocrm."+module] = all
	}
	return known
}

func (s *Sim) validScope(name string) bool {
	lower := strings.ToLower(name)
	if isOIDC(lower) || s.extraScopes.has(name) {
		return true
	}
	dot := strings.LastIndex(lower, ".")
	if dot < 0 {
		return false
	}
	module, op := lower[:dot], lower[dot+1:]
	if ops, ok := s.scopes[module]; ok {
		return slices.Contains(ops, op)
	}
	// CRM names its modules inside the scope, and custom modules make that list open.
	for _, prefix := range []string{"zohocrm.modules.", "zohocrm.settings.", "zohocrm.bulk."} {
		if rest, ok := strings.CutPrefix(module, prefix); ok && rest != "" {
			return slices.Contains(s.scopes["zohocrm.modules"], op)
		}
	}
	return false
}

// badScope returns the first scope that is unknown or not allowed to the client.
func (s *Sim) badScope(c *Client, list scopes) (string, bool) {
	for _, name := range list {
		if !s.validScope(name) || (len(c.AllowedScopes) > 0 && !scopes(c.AllowedScopes).allows(name)) {
			return name, true
		}
	}
	return "", len(list) == 0
}
