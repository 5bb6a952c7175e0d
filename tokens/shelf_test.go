package tokens

import (
	"fmt"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// stand is a shelf with one provider.
type stand struct {
	*shelf
	provider *catalog.Provider
}

func (s stand) put(subject string) shelfKey {
	key := keyOf("tn_A", LoanRequest{Method: "desk", Subject: subject})
	now := time.Now()
	t := Target{
		Loanable: authmethods.Loanable{TenantID: "tn_A", TenantSlug: "a", Method: "desk", Environment: authmethods.Production},
		Provider: s.provider, Connection: authmethods.ID("conn_" + subject),
	}
	g := Grant{Renewable: true, Access: AccessToken{
		ID: authmethods.ID("tok_" + subject), Value: secret.New("at-" + subject), Type: "Bearer", Scopes: []string{"r", "w"},
		IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	}}
	s.shelf.put(key, s.newItem(key, &t, &g, now, s.mark()))
	return key
}

func newStand(size int) stand {
	return stand{newShelf(size), &catalog.Provider{TokenHeader: "Authorization"}}
}

func TestAShelfHoldsNoMoreThanItShould(t *testing.T) {
	for _, size := range []int{1, 10, smallest, 2000} {
		s := newStand(size)
		for i := range 3 * size {
			key := s.put(fmt.Sprint(i))
			if found := s.find(key); found == nil || found.token != authmethods.ID(fmt.Sprint("tok_", i)) {
				t.Fatalf("of %d, the %dth is not there: %+v", size, i, found)
			}
		}
		held := 0
		for i := range s.parts {
			if len(s.parts[i].items) != len(s.parts[i].ring) {
				t.Errorf("%d items in %d places", len(s.parts[i].items), len(s.parts[i].ring))
			}
			held += len(s.parts[i].items)
		}
		if held > size || held < size*9/10 {
			t.Errorf("a shelf for %d holds %d", size, held)
		}
	}
}

func TestWhatIsAskedForStaysOnTheShelf(t *testing.T) {
	s := newStand(10)
	kept := s.put("kept")
	for i := range 100 {
		if s.find(kept) == nil {
			t.Fatalf("it is gone after %d others", i)
		}
		s.put(fmt.Sprint(i))
	}
}

func TestATenantsNewsVoidItsItemsOnly(t *testing.T) {
	s := newStand(10)
	key := s.put("x")
	s.forget("tn_B")
	if s.find(key) == nil {
		t.Error("another tenant's news took it away")
	}
	s.forget("tn_A")
	if s.find(key) != nil {
		t.Error("it is there in spite of news")
	}
	key = s.put("x")
	s.forgetAll()
	if s.find(key) != nil || s.find(s.put("x")) == nil {
		t.Error("after news of everything")
	}
}

func TestAKeyIsAnsweredByItselfOnly(t *testing.T) {
	s := newStand(10)
	key := s.put("x")
	i := s.find(key)
	for name, other := range map[string]func(*shelfKey){
		"owner":       func(k *shelfKey) { k.owner = "tn_B" },
		"tenant":      func(k *shelfKey) { k.tenant = "b" },
		"method":      func(k *shelfKey) { k.method = "crm" },
		"environment": func(k *shelfKey) { k.environment = authmethods.Sandbox },
		"subject":     func(k *shelfKey) { k.subject = "y" },
	} {
		k := key
		other(&k)
		if i.answers(k) || s.find(k) != nil {
			t.Errorf("another %s is answered", name)
		}
		// A hash that two keys share must not have one answered by the other's item.
		p, h := s.part(k)
		p.items[h] = i
		if s.find(k) != nil {
			t.Errorf("another %s of the same hash is answered", name)
		}
	}
}

func TestAnItemTellsWhatItWasMadeOf(t *testing.T) {
	s := newStand(10)
	i := s.find(s.put("x"))
	g := i.grant()
	loan := i.present(s.now(i))
	if g.Access.Value.Reveal() != "at-x" || !g.Renewable || g.Access.ExpiresAt.Sub(g.Access.IssuedAt) != time.Hour ||
		loan.Headers[0].Value.Reveal() != "Bearer at-x" || loan.State != Active || loan.ExpiresIn > time.Hour || loan.ExpiresIn < 50*time.Minute {
		t.Errorf("%+v %+v", g, loan)
	}
	if other := s.find(s.put("y")); other.kin != i.kin {
		t.Error("two of a kind share nothing")
	}
}

func TestAGrantIsNotedAsLentOnceAMinute(t *testing.T) {
	s := newStand(10)
	i := s.find(s.put("x"))
	now := time.Now()
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, false}, {59 * time.Second, false}, {time.Minute, true}, {time.Minute + time.Second, false}} {
		if got := i.mark(now.Add(c.after)); got != c.want {
			t.Errorf("after %s: %t", c.after, got)
		}
	}
}
