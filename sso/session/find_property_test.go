package session_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso/session"
)

// situation is everything that decides about a session.
type situation struct {
	ended, over, idle, userOff, userChanged, local, connectorOff, everybody, associated, tenantOff bool
}

// inForce says in plain words what the statement says in SQL.
func (c situation) inForce() bool {
	door := c.local || !c.connectorOff && (c.everybody || c.associated)
	return !c.ended && !c.over && !c.idle && !c.userOff && !c.userChanged && !c.tenantOff && door
}

func (c situation) String() string { return fmt.Sprintf("%+v", struct{ situation }{c}) }

func drawSituation(t *rapid.T) situation {
	var c situation
	for name, at := range map[string]*bool{
		"local": &c.local, "everybody": &c.everybody, "associated": &c.associated,
	} {
		*at = rapid.Bool().Draw(t, name)
	}
	// Each of these ends the session by itself: drawn evenly, hardly one would live.
	for name, at := range map[string]*bool{
		"ended": &c.ended, "over": &c.over, "idle": &c.idle, "user off": &c.userOff, "user changed": &c.userChanged,
		"connector off": &c.connectorOff, "tenant off": &c.tenantOff,
	} {
		*at = rapid.IntRange(0, 9).Draw(t, name) == 9
	}
	return c
}

// arrange brings about the situation for the session.
func (c situation) arrange(t testing.TB, w *world, id authmethods.ID) {
	pick := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	now := w.dbNow()
	w.raw(t, "UPDATE sessions SET ended_at = "+pick(c.ended, "1", "NULL")+
		", expires_at = "+now+pick(c.over, " - 1000", " + 60000000")+
		", seen_at = "+now+pick(c.idle, " - idle_micros - 1000", " - idle_micros + 30000000")+
		", connector_id = "+pick(c.local, "''", "'cn_zoho'")+
		" WHERE id = '"+string(id)+"'")
	w.raw(t, "UPDATE users SET disabled_at = "+pick(c.userOff, "1", "NULL")+", version = "+pick(c.userChanged, "4", "3")+" WHERE id = 'usr_marie'")
	w.raw(t, "UPDATE sso_connectors SET disabled_at = "+pick(c.connectorOff, "1", "NULL")+", admission = "+pick(c.everybody, "'mapped'", "'associated'"))
	w.raw(t, "DELETE FROM user_connectors")
	if c.associated {
		w.associate(t)
	}
	w.raw(t, "UPDATE tenants SET disabled_at = "+pick(c.tenantOff, "1", "NULL")+" WHERE slug = 'acme'")
}

func TestWhoeverIsFoundFulfilsEveryCondition(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		rapid.Check(t, func(r *rapid.T) {
			c := drawSituation(r)
			c.arrange(t, w, made.ID)
			_, err := w.Find(t.Context(), acme, cookie)
			if c.inForce() != (err == nil) {
				r.Fatalf("in force: %t, found: %v, where %v", c.inForce(), err, c)
			}
			if err != nil {
				notSignedIn(t, err)
			}
		})
	})
}

func FuzzOnlyWhatWasSealedHereIsACookie(f *testing.F) {
	w := newWorld(f, "sqlite:"+f.TempDir()+"/latchkey.db")
	cookie, _ := w.begin(f, bySSO())
	f.Add(cookie)
	f.Add("")
	f.Add(cookie[:len(cookie)/2])
	f.Add(token.Random(200).Reveal())
	f.Add(got(w.SealState(f.Context(), acme, "x"))(f))
	f.Fuzz(func(t *testing.T, value string) {
		p, err := w.Find(t.Context(), acme, value)
		if err == nil {
			// Base64 may be spelled in more ways than one; the secret inside may not.
			if !p.CheckFormToken("x", w.find(t, cookie).FormToken("x")) {
				t.Errorf("%q is somebody else's cookie", value)
			}
			return
		}
		notSignedIn(t, err)
		var state any
		if w.OpenState(t.Context(), acme, value, &state, session.MaxLife) == nil && state != "x" {
			t.Errorf("%q became the state %v", value, state)
		}
	})
}
