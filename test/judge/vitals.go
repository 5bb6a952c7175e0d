package judge

import "strings"

// Vitals are what a process uses.
type Vitals struct {
	Goroutines int
	FDs        int   // open file descriptors
	RSS        int64 // resident memory, in bytes
}

// slack is what may come and go without being a leak: pooled connections, idle
// workers, the heap's last growth.
var slack = Vitals{Goroutines: 8, FDs: 8, RSS: 24 << 20}

// Settled judges I14: after an experiment a process uses what it used before, give
// or take a tenth and a little.
func Settled(process string, before, after Vitals) []Violation {
	var found []Violation
	if before.Goroutines == 0 || before.FDs == 0 || before.RSS == 0 || after.Goroutines == 0 || after.FDs == 0 || after.RSS == 0 {
		found = append(found, violation("evidence", "%s: its use is not known", process))
	}
	check := func(what string, before, after, slack int64) {
		if after > before+before/10+slack {
			found = append(found, violation("I14", "%s: %d %s, before it were %d", process, after, what, before))
		}
	}
	check("goroutines", int64(before.Goroutines), int64(after.Goroutines), int64(slack.Goroutines))
	check("file descriptors", int64(before.FDs), int64(after.FDs), int64(slack.FDs))
	check("bytes of memory", before.RSS, after.RSS, slack.RSS)
	return found
}

// AuditWhole judges I15 by what «latchkey audit verify» ended with and said.
func AuditWhole(exitCode int, said string) []Violation {
	if exitCode != 0 {
		return []Violation{violation("I15", "the audit log does not verify (exit code %d): %s", exitCode, strings.TrimSpace(said))}
	}
	return nil
}
