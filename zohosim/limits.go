package zohosim

import "time"

func (s *Sim) seconds(n, fallback int) time.Duration {
	return time.Duration(or(n, fallback)) * time.Second
}

// window counts requests in a span that starts with the first of them; past the limit it blocks
// for the rest of that span.
type window struct {
	start time.Time
	n     int
}

func (w *window) take(now time.Time, limit int, span time.Duration, extend bool) bool {
	if w.n == 0 || !now.Before(w.start.Add(span)) {
		w.start, w.n = now, 0
	}
	if limit < 0 || w.n < limit {
		w.n++
		return true
	}
	if extend {
		w.start = now
	}
	return false
}

// takeNamed counts against a window shared by everything of one name, such as the codes of one
// user and client.
func (s *Sim) takeNamed(name string, limit int) bool {
	w, ok := s.windows.get(name)
	if !ok {
		w = &window{}
		s.windows.put(name, w)
	}
	return w.take(s.clock.Now(), limit, s.seconds(s.sw.WindowSeconds, 600), false)
}

func (s *Sim) takeCode(user *User, client *Client) bool {
	return s.takeNamed("code "+user.key()+" "+client.ID, or(s.sw.CodesPerWindow, 10))
}

func (s *Sim) takeRefreshToken(user *User, client *Client) bool {
	return s.takeNamed("refresh "+user.key()+" "+client.ID, or(s.sw.NewRefreshTokensPerWindow, 10))
}

func (s *Sim) takeRefresh(g *grant) bool {
	return g.refreshes.take(s.clock.Now(), or(s.sw.RefreshesPerWindow, 10),
		s.seconds(s.sw.WindowSeconds, 600), s.sw.ThrottleExtends)
}
