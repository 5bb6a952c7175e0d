package dispatch

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/tokens"
)

// model watches a queue from outside.
type model struct {
	q       *queue
	tickets []*ticket // that did not leave
	was     map[*ticket]stage
	left    []*ticket
}

func (m *model) busy(of string) (n int) {
	for _, t := range m.tickets {
		if t.of.name == of && t.stage == inFlight {
			n++
		}
	}
	return n
}

// check wants the queue fair after each step.
func (m *model) check(t *rapid.T, q *queue) {
	total := 0
	for _, k := range m.tickets {
		if k.stage == inFlight {
			total++
		}
	}
	if total > q.slots || total != q.busy {
		t.Fatalf("%d are in flight, counted %d of %d", total, q.busy, q.slots)
	}
	for _, k := range m.tickets {
		if n := m.busy(k.of.name); n > q.share {
			t.Fatalf("%d of %s are in flight", n, k.of.name)
		}
		if k.stage == waiting && total < q.slots && m.busy(k.of.name) < q.share {
			t.Fatalf("one of %s waits though it could go", k.of.name)
		}
	}
	m.checkOrder(t, q)
}

// checkOrder looks at who was admitted by the last step.
func (m *model) checkOrder(t *rapid.T, q *queue) {
	for _, k := range m.tickets {
		if k.stage != inFlight || m.was[k] == inFlight {
			continue
		}
		for _, o := range m.tickets {
			if o.stage != waiting || m.busy(o.of.name) >= q.share {
				continue
			}
			switch {
			case o.urgent && !k.urgent:
				t.Fatalf("one that nobody waits for went before one of %s", o.of.name)
			case o.urgent == k.urgent && m.busy(o.of.name) < m.busy(k.of.name)-1:
				t.Fatalf("%s with %d in flight waits for %s with %d", o.of.name, m.busy(o.of.name), k.of.name, m.busy(k.of.name))
			case o.of == k.of && o.urgent == k.urgent && slices.Index(m.tickets, o) < slices.Index(m.tickets, k) && !o.urgent:
				t.Fatalf("a later one of %s went first", k.of.name)
			}
		}
	}
	for _, k := range m.tickets {
		m.was[k] = k.stage
	}
}

func TestAQueueIsFairWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(1, 6).Draw(t, "slots")
		q := newQueue(slots, rapid.IntRange(1, slots).Draw(t, "share"), rapid.IntRange(1, 20).Draw(t, "limit"))
		m := &model{q: q, was: map[*ticket]stage{}}
		remove := func(k *ticket) {
			q.leave(k)
			m.tickets = slices.DeleteFunc(m.tickets, func(o *ticket) bool { return o == k })
			m.left = append(m.left, k)
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				party := fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "party"))
				full := q.length >= q.limit
				k := q.join(party, rapid.Bool().Draw(t, "urgent"))
				if (k == nil) != full {
					t.Fatalf("the queue of %d let one in: %t", q.length, k != nil)
				}
				if k != nil {
					m.tickets = append(m.tickets, k)
				}
			},
			"leave": func(t *rapid.T) {
				if len(m.tickets) > 0 {
					remove(rapid.SampledFrom(m.tickets).Draw(t, "ticket"))
				}
			},
			"leave again": func(t *rapid.T) {
				if len(m.left) > 0 {
					q.leave(rapid.SampledFrom(m.left).Draw(t, "ticket"))
				}
			},
			"hurry": func(t *rapid.T) {
				if all := append(slices.Clone(m.tickets), m.left...); len(all) > 0 {
					q.hurry(rapid.SampledFrom(all).Draw(t, "ticket"))
				}
			},
			"": func(t *rapid.T) { m.check(t, q) },
		})
		for len(m.tickets) > 0 {
			remove(m.tickets[0])
			m.check(t, q)
		}
		if q.busy != 0 || q.length != 0 || len(q.parties) != 0 || q.heaps[urgent].Len()+q.heaps[ahead].Len() != 0 {
			t.Fatalf("left over: %d in flight, %d waiting, parties %v", q.busy, q.length, q.parties)
		}
	})
}

func TestNobodyStarvesBehindNewcomers(t *testing.T) {
	q := newQueue(1, 1, 100)
	first := q.join("first", true)
	patient := q.join("patient", true)
	last := first
	for i := range 3 { // each newcomer is there before the slot is free
		next := q.join(fmt.Sprint("newcomer ", i), true)
		q.leave(last)
		if patient.stage == inFlight {
			return
		}
		last = next
	}
	t.Error("parties that came later went first, again and again")
}

func TestAnErrandThatSomebodyWaitsForOvertakes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		var flying []func(tokens.Departure)
		for i := range slots {
			flying = append(flying, enter(t, d, errand(fmt.Sprint(i%2), "g")))
		}
		went := make(chan string, 3)
		wait := func(name string, demanded <-chan struct{}) {
			e := errand(name, name)
			e.Demanded = demanded
			go func() {
				leave, err := d.Enter(t.Context(), e)
				if err != nil {
					went <- err.Error()
					return
				}
				went <- name
				leave(tokens.Departure{Sent: true})
			}()
			synctest.Wait()
		}
		hurried := make(chan struct{})
		wait("early", nil)
		wait("hurried", hurried)
		wait("urgent", somebody)
		close(hurried)
		synctest.Wait()
		flying[0](tokens.Departure{Sent: true})
		for _, want := range []string{"hurried", "urgent", "early"} {
			if got := <-went; got != want {
				t.Errorf("%s went, want %s", got, want)
			}
		}
		for _, leave := range flying {
			leave(tokens.Departure{Sent: true})
		}
	})
}

func TestRequestsThatHangDelayNoOtherParty(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		end := make(chan struct{})
		for range 500 {
			go func() {
				leave, err := d.Enter(t.Context(), errand("hanging", "g"))
				if err != nil {
					return // it waited for too long
				}
				<-end
				leave(tokens.Departure{Sent: true, Failure: down})
			}()
		}
		synctest.Wait()
		began := time.Now()
		for i := range 1000 {
			send(t, d, errand(fmt.Sprint("other ", i%7), "g"), nil)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("a thousand requests of others waited for %s", took)
		}
		time.Sleep(patience)
		close(end)
		synctest.Wait()
		d.mu.Lock()
		defer d.mu.Unlock()
		if q := d.lanes["accounts.test"].queue; q.busy != 0 || q.length != 0 || len(q.parties) != 0 {
			t.Errorf("left over: %d in flight, %d waiting, %d parties", q.busy, q.length, len(q.parties))
		}
	})
}

func TestAFullQueueSaysWhenToComeBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		var refusals [2]int // by the queue's length, and by impatience
		done := make(chan time.Duration, maxWaiting+share)
		began := time.Now()
		for range maxWaiting + share {
			go func() {
				_, err := d.Enter(t.Context(), errand("a", "g")) // those that are let through hang
				var p *authmethods.Problem
				if errors.As(err, &p) {
					done <- time.Since(began)
				}
			}()
		}
		synctest.Wait()
		if wait := stopped(t, d, errand("b", "g"), authmethods.CodeProviderDown); wait != 2*time.Second {
			t.Errorf("come back after %s", wait)
		}
		for range maxWaiting {
			if <-done == patience {
				refusals[1]++
			} else {
				refusals[0]++
			}
		}
		if refusals != [2]int{0, maxWaiting} {
			t.Errorf("refused at once and after %s: %v", patience, refusals)
		}
		send(t, d, errand("b", "g"), nil)
	})
}
