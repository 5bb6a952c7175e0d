package browser

// For the tests of this package.
var (
	Find       = find
	ErrMissing = errMissing
)
