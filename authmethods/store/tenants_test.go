package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/test/storage"
)

func TestATenantIsFoundByIDSlugAndHost(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for range 2 { // from the database, then from memory
			byID := got(w.tenants.Find(ctx, string(w.acme.ID)))(t)
			bySlug := got(w.tenants.Find(ctx, "acme"))(t)
			byHost := got(w.tenants.ByHost(ctx, "SSO.acme.example."))(t)
			for _, found := range []authmethods.Tenant{byID, bySlug, byHost} {
				if diff := cmp.Diff(w.acme, found); diff != "" {
					t.Error(diff)
				}
			}
			for _, unknown := range []string{"nobody", "", "ACME", "acme' OR 1=1", string(w.acme.ID) + "X"} {
				_, err := w.tenants.Find(ctx, unknown)
				refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
				_, err = w.tenants.ByHost(ctx, unknown)
				refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
			}
		}
		if list := got(w.tenants.List(ctx))(t); len(list) != 2 || list[0].Slug == "platform" {
			t.Errorf("the list is %+v", list)
		}
	})
}

func TestAFaultyTenantIsRefusedWithAllItsFaults(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, err := w.tenants.Create(t.Context(), operator, store.NewTenant{Slug: "platform", CallbackA: "a/b", Hosts: []string{"ok.example", "with:8080"}})
		p := refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		var at []string
		for _, f := range p.Fields {
			at = append(at, f.Pointer)
		}
		if diff := cmp.Diff([]string{"/slug", "/callback_a", "/callback_b", "/hosts/1"}, at); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNothingOfADeletedTenantIsGivenToAnother(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.tenants.Delete(ctx, operator, "acme", false))
		for what, n := range map[string]store.NewTenant{
			"slug": {Slug: "acme"}, "host": {Slug: "new", Hosts: []string{"sso.acme.example"}},
			"pair": {Slug: "new", CallbackA: w.acme.CallbackA, CallbackB: w.acme.CallbackB},
		} {
			_, err := w.tenants.Create(ctx, operator, n)
			if p, ok := problem(err); !ok || p.Code != authmethods.CodeConflict {
				t.Errorf("the %s of a deleted tenant: %v", what, err)
			}
		}
		_, err := w.tenants.Find(ctx, "acme")
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		_, err = w.tenants.ByHost(ctx, "sso.acme.example")
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestDeletingATenantShredsItsSecrets(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		w.connect(t, m.ID, "conn_1")
		storage.Insert(t, w.url, "consents", map[string]any{
			"tenant_id": string(w.acme.ID), "id": "cs_1", "method_id": string(m.ID),
		})
		refused(t, w.tenants.Delete(ctx, operator, "acme", false), authmethods.Conflict, authmethods.CodeHasDependents)
		must(t, w.tenants.Delete(ctx, operator, "acme", true))
		pool := storage.Raw(t, w.url)
		for _, query := range []string{
			"SELECT count(*) FROM data_keys WHERE tenant_id = ?",
			"SELECT count(*) FROM methods WHERE client_secret IS NOT NULL AND tenant_id = ?",
			"SELECT count(*) FROM grants WHERE (refresh_token IS NOT NULL OR refresh_at IS NOT NULL OR broken_code = '') AND tenant_id = ?",
			"SELECT count(*) FROM captures WHERE tenant_id = ?",
			"SELECT count(*) FROM consents WHERE (answer IS NOT NULL OR outcome IS NOT NULL OR code_verifier IS NOT NULL) AND tenant_id = ?",
		} {
			var n int
			must(t, pool.QueryRowContext(ctx, strings.ReplaceAll(query, "?", "'"+string(w.acme.ID)+"'")).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows are left by %s", n, query)
			}
		}
		if n := got(acme.VerifyAudit(ctx))(t); n < 3 {
			t.Errorf("its audit log has %d entries", n)
		}
	})
}

func TestThePlatformIsMadeOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() { errs[i] = store.NewTenants(w.Options).EnsurePlatform(t.Context()) })
		}
		group.Wait()
		must(t, errors.Join(errs...))
		refused(t, w.tenants.Delete(t.Context(), operator, "platform", true), authmethods.Conflict, authmethods.CodeConflict)
	})
}

func TestTheAuditLogTellsWhoDidWhatButNoSecret(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{Name: ptr("Support")}))(t)
		events := got(acme.History(ctx, m.Reference, 0, 0))(t)
		if len(events) != 2 || events[0].Action != "method.changed" || events[1].Action != "method.created" {
			t.Fatalf("its history is %+v", events)
		}
		e := events[0]
		if e.Actor.Name != "Marie" || e.RequestID != "req_1" || e.At.IsZero() || e.ObjectRef != "desk" {
			t.Errorf("the event is %+v", e)
		}
		if diff := cmp.Diff(map[string]authmethods.Change{"name": {From: "Desk", To: "Support"}}, e.Changes); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(authmethods.SecretChanged, events[1].Changes["client_secret"]); diff != "" {
			t.Error(diff)
		}
		older := got(acme.Events(ctx, audit.Query{BeforeSeq: e.Seq, Limit: 1}))(t)
		if len(older) != 1 || older[0].Seq != e.Seq-1 {
			t.Errorf("the page before is %+v", older)
		}
	})
}

func TestCiphertextMovedToAnotherTenantDoesNotOpen(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		got(w.admin(t).CreateMethod(ctx, desk("Desk")))(t)
		theirs := got(w.adminOfOther(t).CreateMethod(ctx, desk("Desk")))(t)
		w.raw(t, "UPDATE methods SET client_secret = (SELECT client_secret FROM methods WHERE tenant_id = '"+string(w.acme.ID)+
			"') WHERE tenant_id = '"+string(w.other.ID)+"'")
		_, err := w.adminOfOther(t).Client(ctx, theirs.ID, authmethods.Production)
		refused(t, err, authmethods.HumanNeeded, authmethods.CodeKeyUnavailable)
		if !errors.Is(err, seal.ErrTampered) {
			t.Errorf("the cause is %v", err)
		}
	})
}

func TestWithAnotherKeyringNothingOpens(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		m := got(w.admin(t).CreateMethod(t.Context(), desk("Desk")))(t)
		w.Vault = vault.New(seal.GenerateKeyring())
		_, err := w.admin(t).Client(t.Context(), m.ID, authmethods.Production)
		refused(t, err, authmethods.HumanNeeded, authmethods.CodeKeyUnavailable)
	})
}
