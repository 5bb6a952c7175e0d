package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	signins "latchkey/sso/store"
)

type signInCommands struct {
	List signInList `cmd:"" help:"List attempts to sign in, the newest first."`
	Show signInShow `cmd:"" help:"Show what became of an attempt to sign in, and why."`
}

// log is where attempts to sign in are kept.
func (v peopleOfTenant) log() *signins.Store {
	return signins.New(signins.Options{DB: v.storage.db, System: v.storage.system, Vault: v.storage.vault})
}

// signInView is an attempt as commands print it. Claims are masked.
type signInView struct {
	ID         authmethods.ID   `json:"id"`
	Code       string           `json:"reference_code"`
	Connector  string           `json:"connector"`
	Outcome    sso.Outcome      `json:"outcome"`
	Reason     authmethods.Code `json:"code,omitempty"`
	Diagnosis  string           `json:"diagnosis,omitempty"`
	UserName   string           `json:"user_name,omitempty"`
	Issuer     string           `json:"issuer,omitempty"`
	Subject    string           `json:"subject,omitempty"`
	DataCentre string           `json:"data_centre,omitempty"`
	Address    string           `json:"address"`
	Claims     sso.Claims       `json:"claims,omitempty"`
	Trace      []string         `json:"trace,omitempty"`
	CreatedAt  time.Time        `json:"created_at"`
}

func viewSignIn(s sso.SignIn, doors map[authmethods.ID]string) signInView {
	v := signInView{
		ID: s.ID, Code: s.ReferenceCode, Connector: doors[s.Connector], Outcome: s.Outcome, Reason: s.Code, UserName: s.UserName,
		Issuer: s.Subject.Issuer, Subject: s.Subject.ID, DataCentre: s.DataCentre, Address: s.Address, CreatedAt: s.CreatedAt,
	}
	if s.Code != "" {
		v.Diagnosis = authmethods.Diagnose(s.Code).Ref
	}
	return v
}

type signInList struct {
	Of        ofTenant `embed:""`
	Connector string   `help:"Only by this SSO connector." placeholder:"CONNECTOR"`
	User      string   `help:"Only of this user." placeholder:"USER"`
	Refused   bool     `help:"Only those that were refused."`
	Limit     int      `help:"How many." default:"50"`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *signInList) Run(ctx context.Context, p *program) error {
	if c.Limit < 1 || c.Limit > 10_000 {
		return &usageError{err: fmt.Errorf("--limit is 1 to 10000, not %d", c.Limit), command: "sign-in list"}
	}
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		q, err := c.query(ctx, v)
		if err != nil {
			return err
		}
		doors, err := v.doors(ctx)
		if err != nil {
			return err
		}
		found, err := v.log().List(ctx, v.caller, q)
		if err != nil {
			return err
		}
		views := []signInView{}
		rows := [][]string{{"WHEN", "CODE", "CONNECTOR", "OUTCOME", "REASON", "USER"}}
		for _, s := range found {
			shown := viewSignIn(s, doors)
			views = append(views, shown)
			rows = append(rows, []string{day(shown.CreatedAt), shown.Code, shown.Connector, string(shown.Outcome), string(shown.Reason), shown.UserName})
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"sign_ins": views})
		}
		return table(p.stdout, rows...)
	})
}

func (c *signInList) query(ctx context.Context, v peopleOfTenant) (sso.SignInQuery, error) {
	q := sso.SignInQuery{Limit: c.Limit}
	if c.Refused {
		q.Outcome = sso.Refused
	}
	if c.Connector != "" {
		found, err := v.connector(ctx, c.Connector)
		if err != nil {
			return q, err
		}
		q.Connector = found.ID
	}
	if c.User != "" {
		u, err := v.user(ctx, c.User)
		if err != nil {
			return q, err
		}
		q.User = u.ID
	}
	return q, nil
}

type signInShow struct {
	Of   ofTenant `embed:""`
	Code string   `arg:"" help:"The reference code that the person was shown, such as 7F3K-2QPD, or the id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *signInShow) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		found, err := v.log().Find(ctx, v.caller, c.Code)
		if err != nil {
			return named(err, "There is no sign-in "+strconv.Quote(c.Code)+" here.")
		}
		doors, err := v.doors(ctx)
		if err != nil {
			return err
		}
		shown := viewSignIn(found, doors)
		shown.Claims, shown.Trace = sso.Mask(found.Claims), found.Trace
		if c.JSON {
			return printJSON(p.stdout, shown)
		}
		rows := [][]string{
			{"Sign-in", shown.Code}, {"ID", string(shown.ID)}, {"When", day(shown.CreatedAt)}, {"Connector", shown.Connector},
			{"Outcome", string(shown.Outcome)}, {"User", shown.UserName}, {"Issuer", shown.Issuer}, {"Subject", shown.Subject},
			{"Data centre", shown.DataCentre}, {"From", shown.Address},
		}
		if found.Code != "" {
			d := authmethods.Diagnose(found.Code)
			rows = append(rows, []string{"Reason", d.Ref + " " + d.Title}, []string{"What to do", d.Action})
		}
		if err := table(p.stdout, rows...); err != nil {
			return err
		}
		for _, step := range shown.Trace {
			fmt.Fprintln(p.stdout, "  - "+step)
		}
		return nil
	})
}
