package zohosim

import (
	"fmt"
	"slices"
	"time"
)

// SelfClientRequest is the Generate Code tab of the API console.
type SelfClientRequest struct {
	Client      string `json:"client"`
	User        string `json:"user"`
	Scope       string `json:"scope"`   // with commas
	Minutes     int    `json:"minutes"` // 3, 5, 7 or 10; 0 is 3
	Org         string `json:"org"`
	Environment string `json:"environment"`
}

// SelfClientCode makes a grant code as the console does. Its tokens always include a refresh token.
func (s *Sim) SelfClientCode(r SelfClientRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fail := func(why string) (string, error) {
		return "", fmt.Errorf("generating a self-client code for %s: %s", r.Client, why)
	}
	client, minutes := s.clients[r.Client], or(r.Minutes, 3)
	if client == nil || client.Type != SelfClient {
		return fail("it is not a self client")
	}
	u := s.user(or(r.User, client.Owner))
	if u == nil || !client.enabledIn(u.DC) {
		return fail("the user is unknown, or the client is not enabled in the user's data centre")
	}
	if !slices.Contains([]int{3, 5, 7, 10}, minutes) {
		return fail("the duration must be 3, 5, 7 or 10 minutes")
	}
	list := parseScopes(r.Scope, s.sw.SpaceScopes)
	if name, bad := s.badScope(client, list); bad {
		return fail("scope not valid: " + name)
	}
	orgs := map[string]string{}
	for _, product := range list.products() {
		owned := u.orgsOf(product)
		orgs[product] = pickOrg(owned, []string{r.Org}, r.Environment)
		if orgs[product] == "" && len(owned) > 0 {
			return fail("the user has no such organisation")
		}
	}
	if !s.takeCode(u, client) {
		return fail("access_denied, too many codes")
	}
	g := s.newGrant(client, u, s.centre(u.DC), list, orgs)
	s.note(EventCode, g, Event{Detail: "self client", Outcome: "ok"})
	return s.issueCode(g, &grantCode{withRefresh: true, selfClient: true,
		expires: s.clock.Now().Add(time.Duration(minutes) * time.Minute)}), nil
}
