package store

// WithCodes has s take its reference codes from the list, one after the other.
func WithCodes(s *Store, codes ...string) *Store {
	made := *s
	made.newCode = func() string {
		next := codes[0]
		codes = codes[1:]
		return next
	}
	return &made
}
