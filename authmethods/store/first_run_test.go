package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/test/storage"
)

// inEachEmpty runs f on an installation without tenants on each database.
func inEachEmpty(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) {
		types := got(catalog.Load(catalog.Options{}))(t)
		d := storage.Open(t, url)
		w := &world{url: url, Options: store.Options{DB: d, System: db.NewSystem(d), Vault: vault.New(seal.GenerateKeyring()), Catalog: types}}
		w.tenants = store.NewTenants(w.Options)
		must(t, w.tenants.EnsurePlatform(t.Context()))
		f(t, w)
	})
}

func (w *world) offer(t *testing.T) secret.Text {
	t.Helper()
	shown, until, err := w.tenants.OfferFirst(t.Context())
	must(t, err)
	if shown.IsZero() || until.Sub(time.Now().Add(store.FirstLinkLife)).Abs() > time.Minute {
		t.Fatalf("offered: a link %v, until %s", !shown.IsZero(), until)
	}
	return shown
}

func TestTheFirstTenantIsMadeByALinkAndEndsAllLinks(t *testing.T) {
	inEachEmpty(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, two := w.offer(t), w.offer(t)
		for _, bad := range []secret.Text{{}, secret.New("made up")} {
			refused(t, w.tenants.OpenFirst(ctx, bad), authmethods.NotFound, authmethods.CodeNotFound)
			_, err := w.tenants.CreateFirst(ctx, bad, operator, store.NewTenant{Slug: "acme"})
			refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		}
		_, err := w.tenants.CreateFirst(ctx, one, operator, store.NewTenant{Slug: "setup"})
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		must(t, w.tenants.OpenFirst(ctx, one)) // it is good still
		made := got(w.tenants.CreateFirst(ctx, two, operator, store.NewTenant{Slug: "acme", Name: "Acme"}))(t)
		if found := got(w.tenants.Find(ctx, "acme"))(t); found.ID != made.ID || made.Name != "Acme" {
			t.Errorf("made %+v, found %+v", made, found)
		}
		for _, link := range []secret.Text{one, two} {
			refused(t, w.tenants.OpenFirst(ctx, link), authmethods.NotFound, authmethods.CodeNotFound)
			_, err := w.tenants.CreateFirst(ctx, link, operator, store.NewTenant{Slug: "globex"})
			refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
			if where := storage.FindText(t, w.url, link.Reveal()); where != "" {
				t.Errorf("the secret stands in %s", where)
			}
		}
		if shown, _, err := w.tenants.OfferFirst(ctx); err != nil || !shown.IsZero() {
			t.Errorf("afterwards a link is offered: %v", err)
		}
	})
}

func TestWhatEndsAFirstLink(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world){
		"a day": func(t *testing.T, w *world) { w.raw(t, "UPDATE first_links SET expires_at = expires_at - 86400000001") },
		"a tenant that was made otherwise": func(t *testing.T, w *world) {
			got(store.NewTenants(w.Options).Create(t.Context(), operator, store.NewTenant{Slug: "acme"}))(t)
		},
		"one that was made and deleted": func(t *testing.T, w *world) {
			got(store.NewTenants(w.Options).Create(t.Context(), operator, store.NewTenant{Slug: "acme"}))(t)
			must(t, store.NewTenants(w.Options).Delete(t.Context(), operator, "acme", false))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEachEmpty(t, func(t *testing.T, w *world) {
				link := w.offer(t)
				must(t, w.tenants.OpenFirst(t.Context(), link))
				end(t, w)
				refused(t, w.tenants.OpenFirst(t.Context(), link), authmethods.NotFound, authmethods.CodeNotFound)
				_, err := w.tenants.CreateFirst(t.Context(), link, operator, store.NewTenant{Slug: "globex"})
				refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
			})
		})
	}
}

func TestOfManyWhoMakeTheFirstTenantAtOnceOneDoes(t *testing.T) {
	inEachEmpty(t, func(t *testing.T, w *world) {
		links := []secret.Text{w.offer(t), w.offer(t), w.offer(t)}
		var all sync.WaitGroup
		var made atomic.Int64
		for i := range 9 {
			all.Go(func() {
				slug := "tenant-" + string(rune('a'+i))
				_, err := store.NewTenants(w.Options).CreateFirst(t.Context(), links[i%len(links)], operator, store.NewTenant{Slug: slug})
				if err == nil {
					made.Add(1)
				} else if authmethods.KindOf(err) != authmethods.NotFound {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if list := got(w.tenants.List(t.Context()))(t); made.Load() != 1 || len(list) != 1 {
			t.Errorf("%d made one, there are %d", made.Load(), len(list))
		}
	})
}
