package consent

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// Person is somebody who works with the product at the provider.
type Person struct {
	ID    string // what sub is when they sign in
	Email string // empty: not told
	Name  string
}

// maxPeople bounds what is listed.
const maxPeople = 20_000

// People asks the provider who works with the product that the tenant's connection of
// a method is for. A method without such a connection is a Problem.
func (s *Service) People(ctx context.Context, c authmethods.Caller, method authmethods.ID, e authmethods.Environment) ([]Person, error) {
	list, err := s.o.Grants.Connections(ctx, reader(c), store.ConnectionQuery{Method: string(method), Environment: e, Limit: 200})
	if err != nil {
		return nil, err
	}
	for _, connection := range list {
		if connection.Subject == tokens.TenantSubject {
			return s.peopleOf(ctx, c, connection)
		}
	}
	return nil, &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeConsentRequired,
		Detail: "The method has no connection in this environment by which people could be listed.",
	}
}

func (s *Service) peopleOf(ctx context.Context, c authmethods.Caller, connection tokens.Connection) ([]Person, error) {
	p, a, err := s.borrow(ctx, c, connection.ID)
	if err != nil {
		return nil, err
	}
	how := p.provider.People
	if how == nil {
		return nil, authmethods.InvalidField("/from", p.kind.Name+" does not list people.")
	}
	var headers []tokens.Header
	if o := p.provider.Organizations; o != nil && o.Header != "" && connection.Organization.ID != "" {
		headers = append(headers, tokens.Header{Name: o.Header, Value: secret.New(connection.Organization.ID)})
	}
	var people []Person
	for len(people) < maxPeople {
		query := url.Values{how.Offset: {strconv.Itoa(len(people))}, how.Limit: {strconv.Itoa(how.Size)}}
		body, err := s.call(ctx, p, a, "", how.URL+"?"+query.Encode(), headers...)
		var why *refused
		if errors.As(err, &why) {
			return nil, &authmethods.Problem{Kind: authmethods.Unavailable, Code: why.code, Detail: why.detail}
		}
		if err != nil {
			return nil, err
		}
		part, _ := dig(body, how.List).([]any) // an empty answer is the end of the list
		for _, one := range part {
			people = append(people, Person{ID: text(dig(one, how.ID)), Email: text(dig(one, how.Email)), Name: text(dig(one, how.Name))})
		}
		if len(part) < how.Size {
			break
		}
	}
	return people, nil
}
