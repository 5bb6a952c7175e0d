package connections

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
)

// past is the recorded past of a connection, in words, pictures and a table.
func (s *sight) past(of span) (page.History, error) {
	last, step := aDay, time.Hour
	if of == week {
		last, step = of.past(), 6*time.Hour
	}
	hours, err := s.Consents.Past(s.ctx, s.c.Caller, s.x.ID, last)
	if err != nil {
		return page.History{}, err
	}
	to := s.course.Now.UTC()
	from := to.Add(-last).Truncate(step).Add(step)
	parts := partsOf(hours, from, to, step)
	var sum page.HistoryPart
	var all consent.Hour
	for _, h := range hours {
		addTo(&all, h)
	}
	for _, p := range parts {
		for i, n := range p.Outcomes {
			sum.Outcomes[i] += n
		}
	}
	w := s.w
	refreshes := w.Say("history.refreshes.summary", "n", sum.Requests(), "failed", sum.Requests()-sum.Outcomes[0], "span", w.Span(last))
	latency := w.Say("history.latency.none", "span", w.Span(last))
	atHand, asked := latencyOf(all.AtHand, &tokens.AtHandBounds), latencyOf(all.Asked, &tokens.AskedBounds)
	if atHand.Most > 0 {
		latency = w.Say("history.latency.at_hand.summary", "half", page.Duration(w, atHand.Half), "most", page.Duration(w, atHand.Most))
	}
	if asked.Most > 0 {
		said := w.Say("history.latency.asked.summary", "half", page.Duration(w, asked.Half), "most", page.Duration(w, asked.Most))
		if atHand.Most > 0 {
			said = latency + " " + said
		}
		latency = said
	}
	return page.DrawHistory(w, from, to, step, parts, refreshes, latency), nil
}

// partsOf puts hours together to parts of a time, each of them step long.
func partsOf(hours []consent.Hour, from, to time.Time, step time.Duration) []page.HistoryPart {
	n := int(to.Sub(from)/step) + 1
	sums, parts := make([]consent.Hour, n), make([]page.HistoryPart, n)
	for _, h := range hours {
		if i := int(h.Began.Sub(from) / step); !h.Began.Before(from) && i < n {
			addTo(&sums[i], h)
		}
	}
	for i, h := range sums {
		parts[i] = page.HistoryPart{
			From:     from.Add(time.Duration(i) * step),
			Outcomes: [...]int64{h.Refreshed, h.Throttled, h.ProviderDown, h.ClientRejected, h.GrantLost},
			AtHand:   latencyOf(h.AtHand, &tokens.AtHandBounds), Asked: latencyOf(h.Asked, &tokens.AskedBounds),
		}
	}
	return parts
}

func addTo(sum *consent.Hour, h consent.Hour) {
	sum.Refreshed += h.Refreshed
	sum.Throttled += h.Throttled
	sum.ProviderDown += h.ProviderDown
	sum.ClientRejected += h.ClientRejected
	sum.GrantLost += h.GrantLost
	for i := range h.AtHand {
		sum.AtHand[i] += h.AtHand[i]
		sum.Asked[i] += h.Asked[i]
	}
}

// latencyOf estimates from the classes how long loans took: no longer than the bound
// of the class in which the loan falls that is asked about.
func latencyOf(counts tokens.Paced, bounds *[tokens.PaceClasses - 1]time.Duration) page.Latency {
	var all int64
	for _, n := range counts {
		all += n
	}
	if all == 0 {
		return page.Latency{}
	}
	within := func(hundredths int64) time.Duration {
		var seen int64
		for class, n := range counts {
			if seen += n; seen*100 >= all*hundredths && class < len(bounds) {
				return bounds[class]
			}
		}
		return 3 * bounds[len(bounds)-1]
	}
	return page.Latency{Half: within(50), Most: within(99)}
}

// Shares returns how the loans of the last day are spread over services: of one
// connection, or of all where that is empty.
func Shares(ctx context.Context, c *route.Call, consents *consent.Service, connection authmethods.ID) ([]page.LoanShare, error) {
	if !c.May(authmethods.ViewServices) {
		return nil, nil
	}
	list, err := consents.Borrowed(ctx, c.Caller, connection, aDay)
	var shares []page.LoanShare
	for _, b := range list[:min(len(list), mostShares)] {
		share := page.LoanShare{Name: b.Name, Tokens: b.Tokens, Loans: b.Loans, Most: list[0].Loans}
		if share.Name == "" {
			share.Name = string(b.Service)
		}
		share.Href = "/service-accounts/" + string(b.Service)
		shares = append(shares, share)
	}
	return shares, err
}

// mostShares is how many services have a bar.
const mostShares = 12
