package live

import (
	"testing"

	"latchkey/authmethods"
)

func TestAPageHearsOfItsOwnTenantOnly(t *testing.T) {
	h := New()
	acme, stop := h.listen("tn_acme", "usr_1")
	globex, _ := h.listen("tn_globex", "usr_2")
	h.Changed("tn_acme", "method")
	if len(acme.wake) != 1 || len(globex.wake) != 0 {
		t.Fatalf("acme has %d events and globex %d", len(acme.wake), len(globex.wake))
	}
	h.Changed("tn_acme", "method")
	if <-acme.wake; h.take(acme) != "method" || len(acme.wake) != 0 {
		t.Error("two changes of one kind are not one event")
	}
	h.Changed("tn_acme", "method")
	h.Changed("tn_acme", "connection")
	if <-acme.wake; h.take(acme) != several {
		t.Error("two kinds are told as one of them")
	}
	h.Changed("", "")
	if len(acme.wake) != 1 || len(globex.wake) != 1 {
		t.Error("what concerns everybody is not told to everybody")
	}
	stop()
	h.Changed("tn_acme", "method")
	if h.all != 1 || len(h.people) != 1 || len(h.tenants) != 1 {
		t.Errorf("a page that was closed is still known: %d pages", h.all)
	}
}

func TestAPersonHasOnlySoManyPages(t *testing.T) {
	h := New()
	for range perPerson {
		if l, _ := h.listen("tn_acme", "usr_1"); l == nil {
			t.Fatal("refused too early")
		}
	}
	if l, _ := h.listen("tn_acme", "usr_1"); l != nil {
		t.Error("one page too many is let in")
	}
	l, stop := h.listen("tn_acme", "usr_2")
	if l == nil {
		t.Fatal("somebody else is refused")
	}
	stop()
	for i := h.all; i < inAll; i++ {
		if l, _ := h.listen("tn_acme", authmethods.ID(rune(i+1000))); l == nil {
			t.Fatalf("refused at %d of %d", i, inAll)
		}
	}
	if l, _ := h.listen("tn_acme", "usr_3"); l != nil {
		t.Error("the process has no limit")
	}
}

func TestTheEndOfTheServerEndsTheStreams(t *testing.T) {
	h := New()
	l, stop := h.listen("tn_acme", "usr_1")
	h.Close()
	h.Close()
	if _, open := <-l.wake; open {
		t.Error("the stream goes on")
	}
	stop()
	if again, _ := h.listen("tn_acme", "usr_1"); again != nil {
		t.Error("a stream begins while the server ends")
	}
	h.Changed("tn_acme", "method")
}
