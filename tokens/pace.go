package tokens

import (
	"sync/atomic"
	"time"

	"latchkey/authmethods"
)

// PaceClasses is how many classes of durations a [Pace] has.
const PaceClasses = 8

// AtHandBounds and AskedBounds are the upper bounds of all classes but the last,
// which has none: of loans of tokens that were at hand, and of loans for which the
// provider had to be asked.
var (
	AtHandBounds = [PaceClasses - 1]time.Duration{
		10 * time.Microsecond, 30 * time.Microsecond, 100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
	}
	AskedBounds = [PaceClasses - 1]time.Duration{
		30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second,
	}
)

// Paced counts durations by class.
type Paced [PaceClasses]int64

// Pace is how long the loans of a connection took since that was last told.
type Pace struct {
	Tenant        authmethods.TenantID
	Connection    authmethods.ID
	AtHand, Asked Paced
}

// pace counts the loans of one item until [Lender.Flush] takes it.
type pace struct{ atHand, asked [PaceClasses]atomic.Uint32 }

func classOf(bounds *[PaceClasses - 1]time.Duration, took time.Duration) int {
	for i, b := range bounds {
		if took <= b {
			return i
		}
	}
	return PaceClasses - 1
}

// paced notes how long a loan of the item took.
func (l *Lender) paced(i *item, asked bool, took time.Duration) {
	p := i.pace.Load()
	if p == nil {
		if fresh := new(pace); i.pace.CompareAndSwap(nil, fresh) {
			p = fresh
			l.paces.add(i)
		} else if p = i.pace.Load(); p == nil {
			return // taken just now; the next loan counts again
		}
	}
	if asked {
		p.asked[classOf(&AskedBounds, took)].Add(1)
	} else {
		p.atHand[classOf(&AtHandBounds, took)].Add(1)
	}
}

// tellPaces hands on how long loans took. A loan that is counted at this very moment
// may be left out: pictures are made of it, not accounts.
func (l *Lender) tellPaces() {
	for _, i := range l.paces.take() {
		p := i.pace.Swap(nil)
		if p == nil {
			continue
		}
		told := Pace{Tenant: i.kin.of.TenantID, Connection: i.connection}
		for class := range PaceClasses {
			told.AtHand[class], told.Asked[class] = int64(p.atHand[class].Load()), int64(p.asked[class].Load())
		}
		l.ledger.Paced(told)
	}
}
