package system

import (
	"slices"
	"time"

	"latchkey/web/page"
)

// silent is after how long without a word a server is told to be late.
const silent = 15 * time.Second

// health is the first view: whether this server can work, and which others run.
func (v *view) health() error {
	ctx := v.c.Request().Context()
	checks := v.Operations.Checks(ctx)
	ready := v.part("ready")
	failing := 0
	for _, c := range checks {
		cell := v.mark(page.Good, "system.check.ok")
		if !c.OK {
			failing++
			cell = v.mark(page.Bad, "system.check.fails")
			cell.Note, cell.Own = c.Detail, true
		}
		ready.Facts = append(ready.Facts, fact(v.checked(c.Name), cell))
	}
	n := page.Notice{Kind: page.Good, Text: v.w.Say("system.ready.all")}
	if failing > 0 {
		n = page.Notice{Kind: page.Bad, Title: v.w.Say("system.ready.not", "n", failing), Text: v.w.Say("system.ready.not.text")}
	}
	v.p.Notices = append(v.p.Notices, n)
	v.replicas(true)
	v.process()
	// What cannot be read is told by the checks above.
	if d, err := v.Operations.Database(ctx); err == nil {
		p := v.part("health.database")
		p.Facts = v.databaseFacts(d)
	}
	if n, err := v.Operations.Network(ctx); err == nil {
		v.closed(n)
	}
	freeze := v.part("freeze")
	freeze.Text = v.w.Say("system.freeze.text")
	freeze.Actions = []page.Action{{Label: v.w.Say("system.freeze.do"), Href: root + "/freeze", Icon: "snow", Kind: "danger", Dialog: true}}
	return nil
}

// checked is the name of a check in words.
func (v *view) checked(name string) string {
	if key := "system.check." + name; v.w.Has(key) {
		return v.w.Say(key)
	}
	return name
}

// replicas lists the servers.
func (v *view) replicas(empty bool) {
	all, err := v.Operations.Replicas(v.c.Request().Context())
	p := v.part("replicas")
	if err != nil {
		p.Empty = v.w.Say("system.unknown")
		return
	}
	slices.SortFunc(all, func(a, b Replica) int { return a.StartedAt.Compare(b.StartedAt) })
	var rows []page.SystemRow
	for _, r := range all {
		name := code(r.ID)
		name.Note = r.Host
		if r.Here {
			name.Note += " · " + v.w.Say("system.replica.here")
		}
		state := v.mark(page.Good, "system.replica.runs")
		if !r.Here && time.Since(r.SeenAt) > silent {
			state = v.mark(page.Wait, "system.replica.silent")
		}
		rows = append(rows, row(name, state, code(r.Version), at(r.StartedAt), at(r.SeenAt)))
	}
	none := "system.unknown"
	if empty {
		none = "system.replicas.none"
	}
	v.list(p, rows, none, "server", "state", "version", "started", "seen")
}

// process tells of the server that answers.
func (v *view) process() {
	me, p := v.Operations.Process(), v.part("process")
	p.Facts = []page.SystemFact{
		fact(v.w.Say("system.process.version"), code(me.Version)), fact(v.w.Say("system.process.go"), code(me.Go)),
		fact(v.w.Say("system.process.started"), at(me.StartedAt)), fact(v.w.Say("system.process.memory"), text(size(v.w, me.Memory))),
	}
	boat := v.mark(page.Wait, "system.boat.none")
	switch {
	case me.Boat != nil && me.Boat.Aboard > 0:
		boat = v.mark(page.Wait, "system.boat.aboard", "n", me.Boat.Aboard)
	case me.Boat != nil:
		boat = v.mark(page.Good, "system.boat.empty")
	}
	if me.Boat != nil && me.Boat.Damaged > 0 {
		boat.Note = v.w.Say("system.boat.damaged", "n", me.Boat.Damaged)
	}
	p.Facts = append(p.Facts, fact(v.w.Say("system.boat"), boat))
}

// closed names the hosts that nothing leaves to at present.
func (v *view) closed(n Network) {
	p := v.part("outbound")
	var rows []page.SystemRow
	for _, h := range n.Hosts {
		rows = append(rows, v.host(h))
	}
	v.list(p, rows, "system.hosts.none", "host", "state", "flight", "waiting", "failed")
}

// host is a host in a list.
func (v *view) host(h Host) page.SystemRow {
	state := v.mark(page.Good, "system.host.open")
	switch {
	case h.ClosedUntil.After(time.Now()):
		state = v.mark(page.Bad, "system.host.closed", "clock", v.w.Clock(h.ClosedUntil))
	case h.Failures > 0:
		state = v.mark(page.Wait, "system.host.failing", "n", h.Failures)
	}
	return row(code(h.Name), state, v.number(h.InFlight), v.number(h.Waiting), at(h.LastFailure))
}
