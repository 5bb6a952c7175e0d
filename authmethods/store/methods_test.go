package store_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
)

func problem(err error) (p *authmethods.Problem, ok bool) {
	ok = errors.As(err, &p)
	return p, ok
}

func TestAMethodIsFoundByIDAndReferenceAsItWasMade(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		made := got(acme.CreateMethod(ctx, desk("Zoho Désk — Support")))(t)
		if made.Reference != "zoho-desk-support" || made.Rev != 1 || made.Mode != authmethods.ModeOAuth || made.DataCentre != authmethods.DataCentreAuto {
			t.Errorf("made %+v", made)
		}
		if !made.Secret.Set || made.Secret.Last4 != "desk" || made.Secret.SetAt.IsZero() {
			t.Errorf("its secret is shown as %+v", made.Secret)
		}
		for _, ref := range []string{string(made.ID), made.Reference} {
			if diff := cmp.Diff(made, got(acme.Method(ctx, ref))(t)); diff != "" {
				t.Errorf("found by %s:\n%s", ref, diff)
			}
		}
		if diff := cmp.Diff([]authmethods.Method{made}, got(acme.Methods(ctx, "", 0))(t)); diff != "" {
			t.Errorf("listed:\n%s", diff)
		}
	})
}

func TestNothingOfAnotherTenantsMethodCanBeTouched(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.adminOfOther(t)
		m := got(w.admin(t).CreateMethod(ctx, desk("Desk")))(t)
		for _, ref := range []string{string(m.ID), m.Reference} {
			_, errGet := other.Method(ctx, ref)
			_, errChange := other.ChangeMethod(ctx, ref, 0, store.MethodChange{Name: ptr("mine")})
			_, errCopy := other.DuplicateMethod(ctx, ref, "Copy", "")
			_, errHistory := other.History(ctx, ref, 0, 0)
			_, errDependents := other.Dependents(ctx, ref)
			_, errClient := other.Client(ctx, m.ID, authmethods.Production)
			for _, err := range []error{
				errGet, errChange, errCopy, errHistory, errDependents, errClient,
				other.DeleteMethod(ctx, ref, 0), other.SetEnabled(ctx, ref, authmethods.Production, true),
				other.RejectClient(ctx, m.ID, authmethods.Production, 1, authmethods.CodeClientRejected, soon),
			} {
				refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
			}
		}
		if methods := got(other.Methods(ctx, "", 0))(t); len(methods) != 0 {
			t.Errorf("the other tenant lists %v", methods)
		}
	})
}

func TestAllFaultsOfAMethodAreToldAtOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, err := w.admin(t).CreateMethod(t.Context(), store.NewMethod{
			Name: "a\u202eb", Reference: "Not a slug", IntegrationType: "zoho_desk", Mode: "magic",
			ClientSecret: secret.New("two\nlines of a secret"), Scopes: []string{"Desk.tickets.READ"},
		})
		p := refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		var pointers []string
		for _, f := range p.Fields {
			pointers = append(pointers, f.Pointer)
		}
		for _, want := range []string{"/name", "/reference", "/mode", "/client_id", "/client_secret"} {
			if !slices.Contains(pointers, want) {
				t.Errorf("no fault at %s; there are %v", want, pointers)
			}
		}
		if strings.Contains(err.Error(), "lines of a secret") {
			t.Error("the error quotes the secret")
		}
	})
}

func TestAReferenceIsNeverGivenTwice(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		first := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		must(t, acme.DeleteMethod(ctx, first.Reference, first.Rev))
		n := desk("Desk")
		n.Reference = "desk"
		_, err := acme.CreateMethod(ctx, n)
		refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
		if again := got(acme.CreateMethod(ctx, desk("Desk")))(t); again.Reference != "desk-2" {
			t.Errorf("the second one of this name is called %s", again.Reference)
		}
		if theirs := got(w.adminOfOther(t).CreateMethod(ctx, desk("Desk")))(t); theirs.Reference != "desk" {
			t.Errorf("another tenant's is called %s", theirs.Reference)
		}
	})
}

func TestTwoAtOnceCannotPassTheLimitOfMethods(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.raw(t, "UPDATE tenants SET method_limit = 3 WHERE slug = 'acme'")
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() { _, errs[i] = acme.CreateMethod(ctx, desk("Desk "+strconv.Itoa(i))) })
		}
		group.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			refused(t, err, authmethods.Conflict, authmethods.CodeLimitReached)
		}
		if listed := got(acme.Methods(ctx, "", 0))(t); made != 3 || len(listed) != 3 {
			t.Errorf("%d were made and %d are listed; the limit is 3", made, len(listed))
		}
	})
}

func TestAChangeAgainstAnOldRevisionIsRefused(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		changed := got(acme.ChangeMethod(ctx, m.Reference, m.Rev, store.MethodChange{Name: ptr("Support")}))(t)
		if changed.Rev != m.Rev+1 || changed.Name != "Support" || changed.ClientID != m.ClientID {
			t.Errorf("changed to %+v", changed)
		}
		_, err := acme.ChangeMethod(ctx, m.Reference, m.Rev, store.MethodChange{Name: ptr("Sales")})
		refused(t, err, authmethods.Stale, authmethods.CodeStale)
		refused(t, acme.DeleteMethod(ctx, m.Reference, m.Rev), authmethods.Stale, authmethods.CodeStale)
		same := got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{Name: ptr("Support")}))(t)
		if same.Rev != changed.Rev {
			t.Errorf("a change that changes nothing raised the revision to %d", same.Rev)
		}
	})
}

func TestOneHundredChangesAtOnceAreAllCounted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		var group sync.WaitGroup
		errs := make([]error, 100)
		for i := range errs {
			group.Go(func() {
				_, errs[i] = acme.ChangeMethod(ctx, m.Reference, m.Rev, store.MethodChange{Name: ptr("Desk " + strconv.Itoa(i))})
			})
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				refused(t, err, authmethods.Stale, authmethods.CodeStale)
			}
		}
		after := got(acme.Method(ctx, m.Reference))(t)
		if won != 1 || after.Rev != m.Rev+1 {
			t.Errorf("%d changes of the same revision won, and the revision is %d", won, after.Rev)
		}
		got(acme.VerifyAudit(ctx))(t)
	})
}

func TestAnEnvironmentUsesItsOwnClientWhereItHasOne(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		common := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if common.ID != "1000.ABC" || common.Secret.Reveal() != clientSecret {
			t.Errorf("the method's client is %s, secret as given: %t", common.ID, common.Secret.Reveal() == clientSecret)
		}
		m = got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{
			Environments: map[authmethods.Environment]store.EnvironmentChange{
				authmethods.Sandbox: {ClientID: ptr("1000.SANDBOX"), ClientSecret: secret.New("secret-of-sandbox")},
			},
		}))(t)
		own := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if own.ID != "1000.SANDBOX" || own.Secret.Reveal() != "secret-of-sandbox" || own.Version == common.Version {
			t.Errorf("the sandbox's client is %s, version %d after %d", own.ID, own.Version, common.Version)
		}
		if in := m.In(authmethods.Sandbox); in.ClientVersion != own.Version {
			t.Errorf("the method says version %d, the client %d", in.ClientVersion, own.Version)
		}
		production := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		if diff := cmp.Diff(common.ID, production.ID); diff != "" || production.Version != common.Version {
			t.Errorf("production changed too: %s, version %d", diff, production.Version)
		}
		got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{
			Environments: map[authmethods.Environment]store.EnvironmentChange{
				authmethods.Sandbox: {ClientID: ptr(""), ForgetSecret: true},
			},
		}))(t)
		back := got(acme.Client(ctx, m.ID, authmethods.Sandbox))(t)
		if back.ID != common.ID || back.Secret.Reveal() != clientSecret || back.Version == own.Version {
			t.Errorf("without its own, the sandbox's client is %s, version %d", back.ID, back.Version)
		}
	})
}

func TestAVerdictCountsOnlyForTheClientItIsAbout(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		old := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		reject := func(version int64) {
			t.Helper()
			must(t, acme.RejectClient(ctx, m.ID, authmethods.Production, version, authmethods.CodeClientRejected, soon))
		}
		rejection := func() *authmethods.Rejection {
			t.Helper()
			m = got(acme.Method(ctx, m.Reference))(t)
			if in := m.In(authmethods.Production); in != nil {
				return in.Rejected
			}
			return nil
		}
		reject(old.Version)
		rev := m.Rev
		if r := rejection(); r == nil || r.Code != authmethods.CodeClientRejected || !r.RetryAt.Equal(soon) || r.At.IsZero() {
			t.Fatalf("rejected, but shown as %+v", r)
		}
		if m.Rev != rev {
			t.Error("a verdict moved the revision, so that somebody's edit is refused")
		}
		m = got(acme.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{ClientSecret: secret.New("the-right-secret")}))(t)
		if r := rejection(); r != nil {
			t.Errorf("a new secret leaves the rejection %+v", r)
		}
		reject(old.Version)
		if r := rejection(); r != nil {
			t.Errorf("the verdict about the old secret counts for the new one: %+v", r)
		}
		fresh := got(acme.Client(ctx, m.ID, authmethods.Production))(t)
		reject(fresh.Version)
		must(t, acme.AcceptClient(ctx, m.ID, authmethods.Production, old.Version))
		if rejection() == nil {
			t.Error("the old client's acceptance cleared the new one's rejection")
		}
		must(t, acme.AcceptClient(ctx, m.ID, authmethods.Production, fresh.Version))
		if r := rejection(); r != nil {
			t.Errorf("accepted, but still %+v", r)
		}
	})
}

func TestACopyHasNoSecretsAndIsEnabledNowhere(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		must(t, acme.SetEnabled(ctx, m.Reference, authmethods.Production, true))
		c := got(acme.DuplicateMethod(ctx, m.Reference, "Second desk", ""))(t)
		if c.Secret.Set || c.ID == m.ID || c.Reference != "second-desk" || c.ClientID != m.ClientID {
			t.Errorf("the copy is %+v", c)
		}
		for _, e := range c.Environments {
			if e.Enabled || e.Secret.Set {
				t.Errorf("the copy has the environment %+v", e)
			}
		}
	})
}

func TestAMethodWithALiveGrantIsNotDeleted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		w.connect(t, m.ID, "conn_1")
		p := refused(t, acme.DeleteMethod(ctx, m.Reference, 0), authmethods.Conflict, authmethods.CodeHasDependents)
		if !slices.Equal(p.Related, []string{"conn_1"}) {
			t.Errorf("in the way stands %v", p.Related)
		}
		d := got(acme.Dependents(ctx, m.Reference))(t)
		if len(d.Connections) != 1 || !d.Connections[0].Live {
			t.Errorf("dependents are %+v", d)
		}
		w.raw(t, "UPDATE grants SET broken_code = 'grant_lost' WHERE id = 'conn_1'")
		must(t, acme.DeleteMethod(ctx, m.Reference, 0))
		_, err := acme.Method(ctx, m.Reference)
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestRightsAreAskedForFirst(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, viewer := t.Context(), w.as(t, w.acme.ID, authmethods.ViewMethods)
		m := got(w.admin(t).CreateMethod(ctx, desk("Desk")))(t)
		got(viewer.Method(ctx, m.Reference))(t)
		_, errCreate := viewer.CreateMethod(ctx, desk("Mine"))
		_, errChange := viewer.ChangeMethod(ctx, m.Reference, 0, store.MethodChange{Name: ptr("Mine")})
		_, errCopy := viewer.DuplicateMethod(ctx, m.Reference, "Mine", "")
		_, errClient := viewer.Client(ctx, m.ID, authmethods.Production)
		_, errEvents := viewer.VerifyAudit(ctx)
		_, errServices := viewer.Services(ctx)
		_, errKey := viewer.IssueKey(ctx, "x", "x", soon)
		for _, err := range []error{
			errCreate, errChange, errCopy, errClient, errEvents, errServices, errKey,
			viewer.DeleteMethod(ctx, m.Reference, 0), viewer.SetEnabled(ctx, m.Reference, authmethods.Production, true),
		} {
			refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		}
	})
}
