package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type doctorCommand struct {
	Deep     bool          `help:"Also walk the audit log of every tenant, and open every data key."`
	Offline  bool          `help:"Ask nobody outside this machine but the database."`
	Patience time.Duration `help:"How long one question to another machine may take." default:"5s"`
	JSON     bool          `help:"Print one JSON object." name:"json"`
}

// verdict is what came of a check.
type verdict string

// The verdicts: fine, worth knowing, and wrong.
const (
	fine    verdict = "ok"
	notable verdict = "warning"
	wrong   verdict = "fault"
)

// finding is what one check found.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Says    string  `json:"says"`
	Fix     string  `json:"fix,omitempty"`
}

// examination is a doctor at work. It changes nothing.
type examination struct {
	*doctorCommand
	cfg   *Config
	found []finding
}

func (e *examination) add(check string, v verdict, fix, says string, args ...any) {
	e.found = append(e.found, finding{check, v, fmt.Sprintf(says, args...), fix})
}

// Run exits with 5 if something is wrong that a person must mend.
func (c *doctorCommand) Run(ctx context.Context, p *program) error {
	found := c.examine(ctx, p)
	faults := 0
	for _, f := range found {
		if f.Verdict == wrong {
			faults++
		}
	}
	if c.JSON {
		if err := printJSON(p.stdout, map[string]any{"ok": faults == 0, "findings": found}); err != nil {
			return err
		}
	} else {
		p.tellFindings(found)
	}
	if faults > 0 {
		return &refusal{what: fmt.Sprintf("%d of %d checks found something wrong.", faults, len(found)), do: "See what is marked ✗ above."}
	}
	return nil
}

func (p *program) tellFindings(found []finding) {
	marks := map[verdict]string{fine: "✓", notable: "!", wrong: "✗"}
	for _, f := range found {
		fmt.Fprintf(p.stdout, "%s %-14s %s\n", marks[f.Verdict], f.Check, indent(f.Says))
		if f.Fix != "" && f.Verdict != fine {
			fmt.Fprintf(p.stdout, "  %-14s → %s\n", "", f.Fix)
		}
	}
}

// examine carries out all checks. None keeps the next from running, unless that has
// nothing to look at.
func (c *doctorCommand) examine(ctx context.Context, p *program) []finding {
	e := &examination{doctorCommand: c}
	var err error
	if e.cfg, err = readConfig(p.environ); err != nil {
		e.add("configuration", wrong, "Correct what is named; «latchkey config» prints what counts.", "%v", err)
		return e.found
	}
	e.add("configuration", fine, "", "all settings are valid")
	for _, w := range e.cfg.warnings() {
		e.add("configuration", notable, "Make sure that this is meant.", "%s", w)
	}
	e.files()
	e.space()
	e.cores()
	e.installation(ctx)
	e.listeners(ctx)
	e.add("backups", notable, "See «Backup and restore» in the documentation, and watch the age of your latest file.",
		"Latchkey does not know when the last backup was made, or where it is")
	return e.found
}

// explained is an error in a sentence.
func explained(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.Error()
	}
	return err.Error()
}
