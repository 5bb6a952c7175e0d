package db

import (
	"strings"
	"testing"
)

// accepted are texts that keep to one tenant, with what they say they do.
var accepted = map[string]string{
	`SELECT g.epoch, {now} FROM grants AS g WHERE g.tenant_id = {tenant} AND g.id = ?`:                                                              "reading grants",
	`select grants.id from grants where grants.tenant_id = {tenant} order by id, epoch limit ?`:                                                     "reading grants",
	`SELECT c.id FROM grants g JOIN connections c ON c.tenant_id = {tenant} AND c.id = g.id WHERE g.tenant_id = {tenant}`:                           "reading grants",
	`SELECT g.id FROM grants g LEFT JOIN tokens t ON t.tenant_id = {tenant} WHERE g.tenant_id = {tenant} AND (t.id = ? OR t.id IS NULL)`:            "reading grants",
	`UPDATE grants SET epoch = epoch + 1, lease_until = {now} + ? WHERE grants.tenant_id = {tenant} AND id = ? RETURNING epoch, {now}`:              "updating grants",
	`UPDATE grants AS g SET token_id = '?, {now} and it''s OR' WHERE g.tenant_id = {tenant} AND g.id = ?`:                                           "updating grants",
	`DELETE FROM captures WHERE captures.tenant_id = {tenant} AND id IN (SELECT t.id FROM tokens t WHERE t.tenant_id = {tenant})`:                   "deleting from captures",
	`INSERT INTO loans (tenant_id, id) VALUES ({tenant}, ?), ({tenant}, lower(?)) ON CONFLICT DO NOTHING`:                                           "inserting into loans",
	`INSERT INTO loans AS l (tenant_id, id) VALUES ({tenant}, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET lent = l.lent + 1 WHERE l.lent < ?`:      "inserting into loans",
	`INSERT INTO captures (tenant_id, id) SELECT {tenant}, g.id FROM grants g WHERE g.tenant_id = {tenant} ON CONFLICT (tenant_id, id) DO NOTHING`:  "inserting into captures",
	`SELECT x.id FROM (SELECT g.id FROM grants g WHERE g.tenant_id = {tenant}) x WHERE x.id > ?`:                                                    "reading grants",
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND EXISTS (SELECT 1 FROM tokens t WHERE t.tenant_id = {tenant} AND t.grant_id = g.id)`: "reading grants",
	`SELECT {now} - ? WHERE {tenant} <> ''`: "reading",
}

func TestATextThatKeepsToOneTenantIsAccepted(t *testing.T) {
	for text, doing := range accepted {
		st, err := prepare(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if st.doing != doing {
			t.Errorf("%s: it says to be %s", text, st.doing)
		}
	}
}

// refused are texts that reach past the tenant, or might.
var refused = []string{
	``,
	`SELECT 1`,
	`SELECT g.id FROM grants g`,
	`SELECT g.id FROM grants g WHERE g.id = {tenant}`,
	`SELECT g.id FROM grants g WHERE g.id = ? AND g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE grants.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} OR 1 = 1`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id = ? OR id = ?`,
	`SELECT g.id FROM grants g WHERE NOT g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE (g.tenant_id = {tenant})`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} IS NOT NULL`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} = 0`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = ?`,
	`SELECT g.id FROM grants g WHERE g.tenant_id > {tenant}`,
	`SELECT g.id FROM grants g, tokens t WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} UNION SELECT t.id FROM tokens t`,
	`SELECT g.id FROM grants g JOIN tokens t ON t.grant_id = g.id WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g JOIN tokens t USING (id) WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g JOIN tokens t WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g CROSS JOIN tokens t WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g NATURAL JOIN tokens WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g JOIN tokens t ON t.tenant_id = {tenant} OR 1 = 1 WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g JOIN tokens t ON t.tenant_id = {tenant}, captures c WHERE g.tenant_id = {tenant}`,
	`SELECT t.id FROM (SELECT g.id FROM grants g WHERE g.tenant_id = {tenant}) x RIGHT JOIN tokens t ON t.tenant_id = {tenant}`,
	`SELECT x.id FROM (SELECT g.id FROM grants g) x WHERE {tenant} = {tenant}`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = g.id)`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id IN tokens`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id IN (TABLE tokens)`,
	`SELECT g.id FROM public.grants g WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g (tenant_id, id) WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM json_each(?) g WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM "grants" g WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM 'grants' WHERE grants.tenant_id = {tenant}`,
	`SELECT * INTO copy FROM grants g WHERE g.tenant_id = {tenant}`,
	`SELECT substr(g.id FROM ?) FROM grants g WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g -- WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g /* WHERE */ WHERE g.tenant_id = {tenant}`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant}; DELETE FROM tokens`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant}5`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id = x?`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id = $2`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id = E'\''`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND id = 'it`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND (id = ?`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant})`,
	`SELECT g.id FROM grants g WHERE g.tenant_id = {tenant} AND {later} > 0`,
	`WITH x AS (SELECT id FROM grants) SELECT x.id FROM x WHERE x.tenant_id = {tenant}`,
	`UPDATE grants SET epoch = 0`,
	`UPDATE grants SET epoch = 0 WHERE id = {tenant}`,
	`UPDATE grants SET tenant_id = ? WHERE grants.tenant_id = {tenant}`,
	`UPDATE grants SET (id, tenant_id) = (?, ?) WHERE grants.tenant_id = {tenant}`,
	`UPDATE grants SET 'tenant_id' = ? WHERE grants.tenant_id = {tenant}`,
	`UPDATE grants SET epoch = 0 FROM tokens t WHERE grants.tenant_id = {tenant}`,
	`DELETE FROM grants`,
	`DELETE FROM grants USING tokens t WHERE grants.tenant_id = {tenant}`,
	`DELETE FROM grants WHERE id = {tenant}`,
	`INSERT INTO loans (id) VALUES ({tenant})`,
	`INSERT INTO loans (id, tenant_id) VALUES (?, {tenant})`,
	`INSERT INTO loans (tenant_id, id) VALUES (?, {tenant})`,
	`INSERT INTO loans (tenant_id, id) VALUES ({tenant}, ?), (?, ?)`,
	`INSERT INTO loans (tenant_id, id) VALUES ({tenant} + 1, ?)`,
	`INSERT INTO loans (tenant_id, id) SELECT tokens.tenant_id, id FROM tokens WHERE tokens.tenant_id = {tenant}`,
	`INSERT INTO loans (tenant_id, id) SELECT {tenant}, t.id FROM tokens t`,
	`INSERT INTO loans (tenant_id, id) SELECT {tenant}, t.id FROM tokens t ON CONFLICT (tenant_id, id) DO UPDATE SET lent = 1 WHERE t.tenant_id = {tenant}`,
	`INSERT INTO api_keys (tenant_id, id) VALUES ({tenant}, ?) ON CONFLICT (id) DO UPDATE SET name = ''`,
	`INSERT INTO api_keys (tenant_id, id) VALUES ({tenant}, ?) ON CONFLICT DO UPDATE SET name = ''`,
	`INSERT INTO loans (tenant_id, id) VALUES ({tenant}, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = ?`,
	`INSERT OR REPLACE INTO api_keys (tenant_id, id) VALUES ({tenant}, ?)`,
	`REPLACE INTO api_keys (tenant_id, id) VALUES ({tenant}, ?)`,
	`DROP TABLE grants`,
}

func TestATextThatMightReachPastTheTenantIsRefused(t *testing.T) {
	for _, text := range refused {
		if _, err := prepare(text); err == nil {
			t.Errorf("accepted: %s", text)
		}
	}
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "DELETE FROM grants") {
			t.Errorf("Prepare panicked with %q", said)
		}
	}()
	Prepare(`DELETE FROM grants`)
}

func TestPlaceholdersAreNumberedOutsideQuotes(t *testing.T) {
	st := Prepare(`SELECT '?{now}''{tenant}', ? FROM t WHERE t.tenant_id = {tenant} AND (a = ? OR b > {now})`)
	want := `SELECT '?{now}''{tenant}', $2 FROM t WHERE t.tenant_id = $1 AND (a = $3 OR b > (SELECT ` + postgresNow + `))`
	if st.postgres != want || st.args != 2 || !st.reads {
		t.Errorf("%d arguments, reads %t: %s", st.args, st.reads, st.postgres)
	}
	want = strings.NewReplacer("$", "?", postgresNow, sqliteNow).Replace(want)
	if st.sqlite != want {
		t.Errorf("for SQLite: %s", st.sqlite)
	}
}

// FuzzPrepare looks for texts at which the check itself fails, and for accepted
// ones that name a table oftener than they bind one.
func FuzzPrepare(f *testing.F) {
	for text := range accepted {
		f.Add(text)
	}
	for _, text := range refused {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := prepare(text)
		if err != nil {
			return
		}
		tokens, err := scan(text)
		if err != nil {
			t.Fatalf("%q was accepted: %v", text, err)
		}
		var tables, bindings int
		for i, l := range tokens {
			switch l.lower {
			case "from", "join":
				if i+1 < len(tokens) && tokens[i+1].lower != "(" {
					tables++
				}
			case "update":
				if i == 0 {
					tables++
				}
			case placeTenant:
				bindings++
			}
		}
		if bindings < tables || bindings == 0 {
			t.Errorf("%q: %d tables, %d times {tenant}", text, tables, bindings)
		}
		if strings.Count(st.sqlite, "?1") < bindings || strings.Count(st.postgres, "$1") < bindings {
			t.Errorf("%q became %q and %q", text, st.sqlite, st.postgres)
		}
	})
}
