package store_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/storage"
)

const followingSecret = "the-secret-that-follows-k7q2"

// next is a change that sets the next secret of the method itself.
func next(s string) store.MethodChange { return store.MethodChange{NextSecret: secret.New(s)} }

// inSandbox is a change of the sandbox.
func inSandbox(c store.EnvironmentChange) store.MethodChange {
	return store.MethodChange{Environments: map[authmethods.Environment]store.EnvironmentChange{authmethods.Sandbox: c}}
}

func TestANextSecretWaitsAndTakesOverWhenItIsPromoted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme, other := t.Context(), w.admin(t), w.adminOfOther(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		theirs := got(other.ChangeMethod(ctx, string(got(other.CreateMethod(ctx, desk("Desk")))(t).ID), 0, next("their-own-next-secret")))(t)
		before := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		m = got(acme.ChangeMethod(ctx, m.Reference, m.Rev, next(" "+followingSecret+"\n")))(t)
		waiting := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		if waiting.Secret.Reveal() != clientSecret || waiting.Next.Reveal() != followingSecret || !m.NextSecret.Set || m.NextSecret.Last4 != "k7q2" || m.NextSecret.SetAt.IsZero() {
			t.Fatalf("it does not wait: %+v", m.NextSecret)
		}
		if waiting.Version == before.Version || waiting.Base != before.Base {
			t.Errorf("the client was version %d of base %d and is %d of %d", before.Version, before.Base, waiting.Version, waiting.Base)
		}
		// A verdict about another version promotes nothing.
		for _, version := range []int64{before.Version, waiting.Version + 1} {
			if got(acme.PromoteSecret(ctx, m.ID, authmethods.Production, version))(t) {
				t.Errorf("version %d was promoted", version)
			}
		}
		if _, err := other.PromoteSecret(ctx, m.ID, authmethods.Production, waiting.Version); authmethods.KindOf(err) != authmethods.NotFound {
			t.Errorf("another tenant promotes it: %v", err)
		}
		if !got(acme.PromoteSecret(ctx, m.ID, authmethods.Production, waiting.Version))(t) {
			t.Fatal("it was not promoted")
		}
		if got(acme.PromoteSecret(ctx, m.ID, authmethods.Production, waiting.Version))(t) {
			t.Error("it was promoted twice")
		}
		after := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		if after.Secret.Reveal() != followingSecret || !after.Next.IsZero() || after.Version == waiting.Version || after.Base != before.Base {
			t.Errorf("after it the client is version %d of base %d, with another secret waiting: %t", after.Version, after.Base, !after.Next.IsZero())
		}
		now := got(acme.Method(ctx, m.Reference))(t)
		if now.Secret != m.NextSecret || now.NextSecret.Set || now.Rev != m.Rev {
			t.Errorf("the method shows %+v and %+v, revision %d", now.Secret, now.NextSecret, now.Rev)
		}
		if same := got(other.Client(ctx, theirs.ID, authmethods.Production))(t); same.Next.Reveal() != "their-own-next-secret" || same.Secret.Reveal() != clientSecret {
			t.Error("another tenant's secrets changed")
		}
		promotions(t, acme, w.url, m, 1)
	})
}

// promotions wants that many on record, by Latchkey itself, and no secret in the log or
// in clear anywhere.
func promotions(t *testing.T, in *store.Tenant, url string, m authmethods.Method, want int) {
	t.Helper()
	n := 0
	events := got(in.History(t.Context(), string(m.ID), 0, 100))(t)
	for _, e := range events {
		if e.Action != "method.secret_promoted" {
			continue
		}
		if n++; e.Actor.Kind != authmethods.ActorJob || len(e.Changes) != 1 {
			t.Errorf("it is on record as %+v by %+v", e.Changes, e.Actor)
		}
	}
	if n != want {
		t.Errorf("%d promotions are on record, want %d", n, want)
	}
	log := got(json.Marshal(events))(t)
	for _, each := range []string{clientSecret, followingSecret} {
		if where := storage.FindText(t, url, each); where != "" || strings.Contains(string(log), each) {
			t.Errorf("a secret is in clear in %s", where)
		}
	}
	got(in.VerifyAudit(t.Context()))(t)
}

func TestAnEnvironmentWithAnOwnSecretHasItsOwnNext(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		got(acme.ChangeMethod(ctx, m.Reference, 0, next("next-of-the-method")))(t)
		got(acme.ChangeMethod(ctx, m.Reference, 0, inSandbox(store.EnvironmentChange{ClientSecret: secret.New("secret-of-sandbox")})))(t)
		if c := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t); !c.Next.IsZero() {
			t.Error("an environment with a secret of its own inherits the method's next")
		}
		got(acme.ChangeMethod(ctx, m.Reference, 0, inSandbox(store.EnvironmentChange{NextSecret: secret.New(followingSecret)})))(t)
		sandbox := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if !got(acme.PromoteSecret(ctx, m.ID, authmethods.Sandbox, sandbox.Version))(t) {
			t.Fatal("it was not promoted")
		}
		production := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		sandbox = got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if sandbox.Secret.Reveal() != followingSecret || !sandbox.Next.IsZero() || production.Secret.Reveal() != clientSecret || production.Next.Reveal() != "next-of-the-method" {
			t.Error("the secret of one environment changed another's")
		}
		promotions(t, acme, w.url, m, 1)
		got(acme.ChangeMethod(ctx, m.Reference, 0, inSandbox(store.EnvironmentChange{NextSecret: secret.New("once-more-another")})))(t)
		m = got(acme.ChangeMethod(ctx, m.Reference, 0, inSandbox(store.EnvironmentChange{ForgetSecret: true})))(t)
		back := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if m.In(authmethods.Sandbox).NextSecret.Set || back.Secret.Reveal() != clientSecret || back.Next.Reveal() != "next-of-the-method" {
			t.Error("without its own secret an environment does not use both of the method's")
		}
	})
}

func TestWhatANextSecretMustBe(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		bare := desk("Bare")
		bare.ClientSecret = secret.Text{}
		without := got(acme.CreateMethod(ctx, bare))(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		fixed := desk("Fixed")
		fixed.IntegrationType, fixed.Mode, fixed.Scopes = "generic_oauth2", authmethods.ModeStaticToken, nil
		lent := got(acme.CreateMethod(ctx, fixed))(t)
		for name, c := range map[string]struct {
			ref     authmethods.ID
			change  store.MethodChange
			pointer string
		}{
			"nothing to follow":                   {without.ID, next(followingSecret), "/next_client_secret"},
			"nothing of its own to follow":        {m.ID, inSandbox(store.EnvironmentChange{NextSecret: secret.New(followingSecret)}), "/environments/sandbox/next_client_secret"},
			"nothing left to follow":              {m.ID, inSandbox(store.EnvironmentChange{ForgetSecret: true, NextSecret: secret.New(followingSecret)}), "/environments/sandbox/next_client_secret"},
			"the present one":                     {m.ID, next(clientSecret), "/next_client_secret"},
			"the one that is to be present":       {m.ID, store.MethodChange{ClientSecret: secret.New("x1"), NextSecret: secret.New("x1")}, "/next_client_secret"},
			"no printable ASCII":                  {m.ID, next("sécret"), "/next_client_secret"},
			"of a mode that lends it":             {lent.ID, next(followingSecret), "/next_client_secret"},
			"of an environment, no printable one": {m.ID, inSandbox(store.EnvironmentChange{ClientSecret: secret.New("y"), NextSecret: secret.New("é")}), "/environments/sandbox/next_client_secret"},
		} {
			_, err := acme.ChangeMethod(ctx, string(c.ref), 0, c.change)
			p := refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
			if len(p.Fields) != 1 || p.Fields[0].Pointer != c.pointer {
				t.Errorf("%s: %+v", name, p.Fields)
			}
		}
		for name, n := range map[string]store.NewMethod{"alone": {NextSecret: secret.New("a")}, "the same": {ClientSecret: secret.New("a"), NextSecret: secret.New("a")}} {
			n.Name, n.IntegrationType, n.ClientID, n.Scopes = name, "zoho_desk", "1000.ABC", []string{"Desk.tickets.READ"}
			_, err := acme.CreateMethod(ctx, n)
			refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		}
		n := desk("Both")
		n.NextSecret = secret.New(followingSecret)
		if both := got(acme.CreateMethod(ctx, n))(t); !both.Secret.Set || both.NextSecret.Last4 != "k7q2" {
			t.Errorf("made with %+v and %+v", both.Secret, both.NextSecret)
		}
	})
}

func TestANextSecretGoesWhenItIsToldToOrCountsAlready(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		for name, c := range map[string]struct {
			change store.MethodChange
			stays  bool
		}{
			"forgotten":              {store.MethodChange{ForgetNext: true}, false},
			"the present one by now": {store.MethodChange{ClientSecret: secret.New(followingSecret)}, false},
			"beside another present": {store.MethodChange{ClientSecret: secret.New("quite-another")}, true},
			"of a renamed method":    {store.MethodChange{Name: ptr("Renamed")}, true},
		} {
			got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{ClientSecret: secret.New(clientSecret)}))(t)
			m = got(acme.ChangeMethod(ctx, m.Reference, 0, next(followingSecret)))(t)
			if m = got(acme.ChangeMethod(ctx, m.Reference, 0, c.change))(t); m.NextSecret.Set != c.stays {
				t.Errorf("%s: it stays is %t, want %t", name, m.NextSecret.Set, c.stays)
			}
		}
		rev := got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{ForgetNext: true}))(t).Rev
		if again := got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{ForgetNext: true}))(t); again.Rev != rev {
			t.Error("forgetting what is not there is a change")
		}
	})
}

// A verdict about a client ends when it gets a next secret: the provider is asked anew.
func TestANextSecretHasARefusedClientTriedAgain(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		version := got(acme.Client(ctx, m.ID, authmethods.Production))(t).Version
		must(t, acme.RejectClient(ctx, m.ID, authmethods.Production, version, authmethods.CodeClientRejected, soon))
		m = got(acme.ChangeMethod(ctx, m.Reference, 0, next(followingSecret)))(t)
		if m.In(authmethods.Production).Rejected != nil {
			t.Error("the client counts as refused, though it has another secret to try")
		}
	})
}

// What a deleted tenant leaves behind holds none of its secrets.
func TestNextSecretsGoWithTheirTenant(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		got(acme.ChangeMethod(ctx, m.Reference, 0, next(followingSecret)))(t)
		got(acme.ChangeMethod(ctx, m.Reference, 0, inSandbox(store.EnvironmentChange{ClientSecret: secret.New("a"), NextSecret: secret.New("b")})))(t)
		must(t, w.tenants.Delete(ctx, operator, "acme", true))
		for _, table := range []string{"methods", "method_environments"} {
			var left int
			row := storage.Raw(t, w.url).QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE next_client_secret IS NOT NULL OR next_secret_last4 <> ''")
			if err := row.Scan(&left); err != nil || left != 0 {
				t.Errorf("%d next secrets are left in %s: %v", left, table, err)
			}
		}
	})
}
