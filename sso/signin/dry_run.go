package signin

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
)

// Source is where the people of a dry run come from.
type Source string

// The sources.
const (
	// FromUsers is everybody whose card names the connector, or everybody if it admits
	// anyone: as the provider would speak of them if it had the same addresses.
	FromUsers Source = "users"
	// FromSignIns is everybody who came back from the provider lately.
	FromSignIns Source = "sign_ins"
	// FromCSV is a list with a header that names claims; a column named email counts
	// as verified.
	FromCSV Source = "csv"
	// FromAgents is whom the provider knows as agents.
	FromAgents Source = "desk_agents"
)

// DryRunRequest says who is to be tried by which rule.
type DryRunRequest struct {
	Rule *sso.Rule // nil: the connector's own
	From Source    // empty: FromUsers
	CSV  string
}

// DryRun is what would become of everybody.
type DryRun struct {
	People []sso.Rehearsed
	// Difference is what the rule that was given does to people beside the
	// connector's own.
	Difference sso.Difference
	// Cut says that there were more people than are tried at once.
	Cut bool
}

// DryRun says what would become of many people at the connector, changing nothing.
func (s *Service) DryRun(ctx context.Context, c authmethods.Caller, connector string, r DryRunRequest) (DryRun, error) {
	people, err := s.o.Directory.For(c)
	if err != nil {
		return DryRun{}, err
	}
	own, err := people.Connector(ctx, connector)
	if err != nil {
		return DryRun{}, err
	}
	tried := own
	if r.Rule != nil {
		if faults := r.Rule.Check(); len(faults) > 0 {
			return DryRun{}, invalid(faults)
		}
		tried.Rule = *r.Rule
	}
	users, err := everybody(ctx, people)
	if err != nil {
		return DryRun{}, err
	}
	expected, err := s.expected(ctx, c, own, users, r)
	if err != nil {
		return DryRun{}, err
	}
	out := DryRun{Cut: len(expected) > most}
	expected = expected[:min(len(expected), most)]
	finder := sso.Among(users)
	if out.People, err = sso.DryRun(tried, expected, finder); err != nil || r.Rule == nil {
		return out, err
	}
	before, err := sso.DryRun(own, expected, finder)
	out.Difference = sso.Diff(before, out.People)
	return out, err
}

func (s *Service) expected(ctx context.Context, c authmethods.Caller, of sso.Connector, users []sso.User, r DryRunRequest) ([]sso.Expected, error) {
	switch r.From {
	case FromUsers, "":
		return fromUsers(of, users), nil
	case FromSignIns:
		return s.fromSignIns(ctx, c, of)
	case FromCSV:
		return fromCSV(r.CSV)
	case FromAgents:
		return s.fromAgents(ctx, c, of)
	}
	return nil, authmethods.InvalidField("/from", "This is users, sign_ins, csv or desk_agents.")
}

// fromUsers claims of each user what the provider would if it knew the same of them.
func fromUsers(of sso.Connector, users []sso.User) []sso.Expected {
	var list []sso.Expected
	for _, u := range users {
		mine := false
		for _, id := range u.Connectors {
			mine = mine || id == of.ID
		}
		if !mine && of.Admission == sso.AssociatedOnly {
			continue
		}
		e := sso.Expected{Label: u.UserName, Claims: sso.Claims{"name": u.DisplayName, "preferred_username": u.UserName}}
		if u.Email != "" {
			e.Claims["email"], e.Claims["email_verified"] = u.Email, true
		}
		for _, i := range u.Identities {
			if i.Connector == of.ID {
				e.Subject, e.Claims["sub"] = i.Subject, i.Subject.ID
			}
		}
		list = append(list, e)
	}
	return list
}

// fromSignIns takes the newest sign-in of each person.
func (s *Service) fromSignIns(ctx context.Context, c authmethods.Caller, of sso.Connector) ([]sso.Expected, error) {
	const lately = 500
	past, err := s.o.SignIns.Whole(ctx, c, sso.SignInQuery{Connector: of.ID, Limit: lately})
	if err != nil {
		return nil, err
	}
	var list []sso.Expected
	seen := map[sso.Subject]bool{{}: true}
	for _, one := range past {
		if seen[one.Subject] {
			continue
		}
		seen[one.Subject] = true
		label, ok := one.Claims.Text("email")
		if !ok {
			label = one.Subject.ID
		}
		// Without the subject, since the pin would decide and say nothing of the rule.
		list = append(list, sso.Expected{Label: label, Claims: one.Claims})
	}
	return list, nil
}

func (s *Service) fromAgents(ctx context.Context, c authmethods.Caller, of sso.Connector) ([]sso.Expected, error) {
	if s.o.Agents == nil {
		return nil, authmethods.InvalidField("/from", "There is no list of agents to be had here.")
	}
	agents, err := s.o.Agents(ctx, c, of.Method, of.Environment)
	if err != nil {
		return nil, err
	}
	list := make([]sso.Expected, len(agents))
	for i, claims := range agents {
		label, _ := claims.Text("email")
		list[i] = sso.Expected{Label: label, Claims: claims}
	}
	return list, nil
}

// maxCSV bounds a list of people, in bytes.
const maxCSV = 1 << 20

// fromCSV reads a list of people: the header names claims. A list without a header is
// one of e-mail addresses.
func fromCSV(text string) ([]sso.Expected, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.TrimSpace(text) == "" || len(text) > maxCSV {
		return nil, authmethods.InvalidField("/csv", "Give a list with a header such as email, of at most 1 MiB.")
	}
	r := csv.NewReader(strings.NewReader(text))
	first, _, _ := strings.Cut(text, "\n")
	if strings.Count(first, ";") > strings.Count(first, ",") {
		r.Comma = ';'
	}
	r.TrimLeadingSpace, r.ReuseRecord = true, true
	header, err := r.Read()
	if err != nil {
		return nil, wrongCSV(err)
	}
	header = append([]string{}, header...)
	var list []sso.Expected
	add := func(record []string) {
		claims := sso.Claims{}
		for i, value := range record {
			if value = strings.TrimSpace(value); value != "" && i < len(header) {
				claims[header[i]] = value
			}
		}
		if _, ok := claims.Text("email"); ok {
			claims["email_verified"] = true
		}
		label, ok := claims.Text("email")
		if !ok {
			label = strings.Join(record, ", ")
		}
		list = append(list, sso.Expected{Label: label, Claims: claims})
	}
	if strings.Contains(header[0], "@") {
		record := header
		header = []string{"email"}
		add(record)
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	for len(list) <= most {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, wrongCSV(err)
		}
		add(record)
	}
	return list, nil
}

func wrongCSV(err error) error {
	var at *csv.ParseError
	if errors.As(err, &at) {
		return authmethods.InvalidField("/csv", fmt.Sprintf("Line %d cannot be read: %v.", at.Line, at.Err))
	}
	return authmethods.InvalidField("/csv", "The list cannot be read.")
}
