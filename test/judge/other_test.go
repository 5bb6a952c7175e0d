package judge_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"latchkey/test/judge"
	"latchkey/zohosim"
)

func TestASecretIsFoundInEverySpelling(t *testing.T) {
	const secret = "canary-7f3a9c~1"
	for name, c := range map[string]struct {
		content string
		want    string
	}{
		"plain":        {"a " + secret + " in clear", "I8"},
		"hex":          {`\x00` + hex.EncodeToString([]byte(secret)), "I8"},
		"base64":       {base64.StdEncoding.EncodeToString([]byte(secret)), "I8"},
		"base64url":    {base64.RawURLEncoding.EncodeToString([]byte(secret)), "I8"},
		"half of it":   {secret[:10], ""},
		"nothing":      {"", ""},
		"another case": {"CANARY-7F3A9C~1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			places := []judge.Place{{Name: "elsewhere"}, {Name: "there", Content: []byte(c.content)}}
			check(t, judge.NoSecretsIn(places, map[string]string{"the canary": secret}), c.want)
		})
	}
	check(t, judge.NoSecretsIn(nil, map[string]string{"the canary": secret}), "evidence")
	check(t, judge.NoSecretsIn([]judge.Place{{}}, nil), "evidence")
	check(t, judge.NoSecretsIn([]judge.Place{{}}, map[string]string{"a short one": "abc"}), "evidence")
}

func TestAConfirmedWriteThatIsGoneIsReported(t *testing.T) {
	writes := []judge.Acknowledged{{ID: "am_1", At: at(1)}, {ID: "am_2", At: at(2)}}
	check(t, judge.WritesSurvive(writes, map[string]bool{"am_1": true, "am_2": true, "am_3": true}), "")
	check(t, judge.WritesSurvive(writes, map[string]bool{"am_1": true}), "I9")
}

func TestALivingGrantMustBeLendableInTheEnd(t *testing.T) {
	ok := []judge.Loan{loan("conn_1", "acme", "a2", 4000, 4001), loan("conn_2", "globex", "b1", 4000, 4001)}
	refused := judge.Loan{Connection: "conn_2", Status: 503, Code: "provider_unavailable"}
	dead := calm()
	end(dead, "s1", zohosim.ReasonRevoked, 3500)
	check(t, judge.Lendable(calm(), ok), "")
	check(t, judge.Lendable(calm(), []judge.Loan{ok[0], refused}), "I12")
	check(t, judge.Lendable(calm(), []judge.Loan{ok[0], refused, ok[1]}), "")
	check(t, judge.Lendable(calm(), ok[:1]), "evidence")
	check(t, judge.Lendable(dead, []judge.Loan{ok[0], refused}), "")
	check(t, judge.NoGrantLost(calm()), "")
	check(t, judge.NoGrantLost(dead), "I3")
}

func TestRequestsAreCountedInEverySpan(t *testing.T) {
	e := calm()
	for second := 100.0; second < 110; second += 2 {
		again(e, "s1", "ok", second)
	}
	check(t, judge.WithinBudget(e, 5, 10*time.Second), "")
	check(t, judge.WithinBudget(e, 4, 10*time.Second), "I13")
	check(t, judge.WithinBudget(e, 4, 8*time.Second), "")
	fault(e, zohosim.FaultSlow, "s1", 100) // the same request, twice in the log
	check(t, judge.WithinBudget(e, 5, 10*time.Second), "")
}

func TestALeakIsToldFromNoise(t *testing.T) {
	before := judge.Vitals{Goroutines: 40, FDs: 30, RSS: 200 << 20}
	for name, c := range map[string]struct {
		after judge.Vitals
		want  string
	}{
		"the same":            {before, ""},
		"less":                {judge.Vitals{Goroutines: 10, FDs: 10, RSS: 100 << 20}, ""},
		"a little more":       {judge.Vitals{Goroutines: 52, FDs: 41, RSS: 240 << 20}, ""},
		"more goroutines":     {judge.Vitals{Goroutines: 53, FDs: 30, RSS: 200 << 20}, "I14"},
		"more files":          {judge.Vitals{Goroutines: 40, FDs: 42, RSS: 200 << 20}, "I14"},
		"more memory":         {judge.Vitals{Goroutines: 40, FDs: 30, RSS: 250 << 20}, "I14"},
		"nobody knows of any": {judge.Vitals{}, "evidence"},
	} {
		t.Run(name, func(t *testing.T) { check(t, judge.Settled("p", before, c.after), c.want) })
	}
}

func TestABrokenAuditLogIsReported(t *testing.T) {
	check(t, judge.AuditWhole(0, ""), "")
	check(t, judge.AuditWhole(4, "not what was written"), "I15")
}
