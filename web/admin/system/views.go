package system

import (
	"cmp"
	"strings"
	"time"

	"latchkey/web/page"
)

// database is where everything is kept, and how it is saved.
func (v *view) database() error {
	d, err := v.Operations.Database(v.c.Request().Context())
	if err != nil {
		return err
	}
	p := v.part("store")
	p.Facts = v.databaseFacts(d)
	b := v.part("backup")
	b.Text = v.w.Say("system.backup.text")
	b.Commands = []page.Snippet{
		command(v.w, "backup", "latchkey backup latchkey-$(date +%F).backup"), command(v.w, "restore", "latchkey restore FILE"),
		command(v.w, "doctor", "latchkey doctor"), command(v.w, "audit", "latchkey audit verify"),
	}
	return nil
}

func kind(d Database) string {
	if d.Kind == "sqlite" {
		return "sqlite"
	}
	return "postgres"
}

func (v *view) databaseFacts(d Database) []page.SystemFact {
	schema := v.mark(page.Good, "system.schema.same", "version", d.Version)
	switch {
	case d.Version < d.Known:
		schema = v.mark(page.Bad, "system.schema.older", "version", d.Version, "known", d.Known)
	case d.Version > d.Known:
		schema = v.mark(page.Wait, "system.schema.newer", "version", d.Version, "known", d.Known)
	}
	facts := []page.SystemFact{fact(v.w.Say("system.database.kind"), text(v.w.Say("system.database."+kind(d))))}
	if d.File != "" {
		facts = append(facts, fact(v.w.Say("system.database.file"), code(d.File)))
	}
	return append(facts,
		fact(v.w.Say("system.database.schema"), schema), fact(v.w.Say("system.database.size"), text(size(v.w, d.Size))),
		fact(v.w.Say("system.database.took"), text(v.w.Say("system.millis", "n", max(1, d.Took.Milliseconds())))),
	)
}

// keys are the key-encryption keys and what they wrap.
func (v *view) keys() error {
	k, err := v.Operations.Keys(v.c.Request().Context())
	if err != nil {
		return err
	}
	var rows []page.SystemRow
	for _, key := range k.Keys {
		state := v.mark(page.Info, "system.key.old")
		switch {
		case key.Active:
			state = v.mark(page.Good, "system.key.active")
		case key.DataKeys == 0:
			state = v.mark(page.Info, "system.key.unused")
		}
		rows = append(rows, row(code(key.ID), state, v.number(key.DataKeys)))
	}
	p := v.part("keyring")
	p.Text = v.w.Say("system.keyring.text")
	p.Facts = []page.SystemFact{fact(v.w.Say("system.keyring.source"), code(k.Source))}
	v.list(p, rows, "system.unknown", "key", "state", "data_keys")
	p = v.part("keyring.care")
	p.Text = v.w.Say("system.keyring.care.text")
	p.Commands = []page.Snippet{command(v.w, "status", "latchkey keyring status"), command(v.w, "verify", "latchkey keyring verify"), command(v.w, "rotate", "latchkey keyring rotate")}
	return nil
}

// network is how providers are reached, and how this is.
func (v *view) network() error {
	n, err := v.Operations.Network(v.c.Request().Context())
	if err != nil {
		return err
	}
	v.closed(n)
	v.budgets(n.Budgets)
	p := v.part("reach")
	none := v.w.Say("system.none")
	p.Facts = []page.SystemFact{
		fact(v.w.Say("system.reach.allowed"), code(cmp.Or(strings.Join(n.Allowed, ", "), none))),
		fact(v.w.Say("system.reach.trusted"), code(cmp.Or(strings.Join(n.Trusted, ", "), none))),
		fact(v.w.Say("system.reach.pattern"), code(string(v.PublicURL))),
	}
	p.Text = v.w.Say("system.reach.text")
	return nil
}

// budgets are what the servers share.
func (v *view) budgets(all []Budget) {
	p := v.part("budgets")
	p.Text = v.w.Say("system.budgets.text")
	now := time.Now()
	var rows []page.SystemRow
	for _, b := range all {
		state := v.mark(page.Good, "system.budget.full")
		switch {
		case b.ClosedUntil.After(now):
			state = v.mark(page.Bad, "system.host.closed", "clock", v.w.Clock(b.ClosedUntil))
		case b.FullAt.After(now.Add(time.Second)):
			state = v.mark(page.Info, "system.budget.drawn", "clock", v.w.Clock(b.FullAt))
		}
		rows = append(rows, row(code(b.Name), state))
	}
	v.list(p, rows, "system.budgets.none", "budget", "state")
}

// jobs are what is done that nobody asks for.
func (v *view) jobs() error {
	all, err := v.Operations.Jobs(v.c.Request().Context())
	if err != nil {
		return err
	}
	var rows []page.SystemRow
	for _, d := range all.Duties {
		rows = append(rows, row(text(v.duty(d.Name)), code(d.Holder), at(d.Until)))
	}
	p := v.part("duties")
	p.Text = v.w.Say("system.duties.text")
	v.list(p, rows, "system.duties.none", "job", "holder", "until")
	rows = nil
	for _, j := range all.Done {
		state := v.mark(page.Good, "system.job.done")
		switch {
		case j.Fault != "":
			state = v.mark(page.Bad, "system.job.failed")
			state.Note, state.Own = j.Fault, true
		case j.LastAt.IsZero():
			state = v.mark(page.Info, "system.job.waits")
		}
		name := text(v.job(j.Name))
		name.Note = v.w.Say("system.job.every", "span", v.w.Span(j.Every))
		rows = append(rows, row(name, state, at(j.LastAt)))
	}
	p = v.part("work")
	p.Text = v.w.Say("system.work.text")
	v.list(p, rows, "system.unknown", "job", "state", "last")
	return nil
}

// duty is the name of a duty in words.
func (v *view) duty(name string) string {
	if key := "system.duty." + strings.ReplaceAll(name, " ", "_"); v.w.Has(key) {
		return v.w.Say(key)
	}
	return name
}

// job is what is done in words: the log's own where the language has none.
func (v *view) job(name string) string {
	if key := "system.job.name." + strings.NewReplacer(" ", "_", ",", "").Replace(name); v.w.Has(key) {
		return v.w.Say(key)
	}
	return name
}

// configuration is what counts, without secrets.
func (v *view) configuration() error {
	var rows []page.SystemRow
	for _, s := range v.Operations.Settings() {
		from := s.Source
		if key := "system.source." + s.Source; v.w.Has(key) {
			from = v.w.Say(key)
		}
		rows = append(rows, row(code(s.Name), code(s.Value), text(from)))
	}
	p := v.part("settings")
	p.Text = v.w.Say("system.settings.text")
	v.list(p, rows, "system.unknown", "setting", "value", "from")
	p.Commands = []page.Snippet{command(v.w, "config", "latchkey config")}
	return nil
}

// upgrade is which program each server runs, and how to go on to the next.
func (v *view) upgrade() error {
	ctx := v.c.Request().Context()
	d, err := v.Operations.Database(ctx)
	if err != nil {
		return err
	}
	all, err := v.Operations.Replicas(ctx)
	if err != nil {
		return err
	}
	versions := map[string]bool{}
	for _, r := range all {
		versions[r.Version] = true
	}
	if len(versions) > 1 {
		v.p.Notices = append(v.p.Notices, page.Notice{Kind: page.Wait, Text: v.w.Say("system.upgrade.mixed", "n", len(versions))})
	}
	v.replicas(false)
	p := v.part("upgrade.how")
	p.Text = v.w.Say("system.upgrade.text")
	for _, f := range v.databaseFacts(d) {
		if f.Label == v.w.Say("system.database.schema") {
			p.Facts = append(p.Facts, f)
		}
	}
	p.Commands = []page.Snippet{command(v.w, "version", "latchkey version"), command(v.w, "migrate", "latchkey migrate")}
	return nil
}
