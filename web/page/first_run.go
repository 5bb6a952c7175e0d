package page

// The pages of an installation in which nothing is set up yet.
var (
	FirstRun     = Plain[FirstRunPage]("first_run")
	FirstRunDone = Plain[FirstRunDonePage]("first_run_done")
)

// FirstRunPage asks for the first workspace and its administrator.
type FirstRunPage struct {
	Action            string
	Corrections       Corrections
	Workspace, Person []Field
}

// Faulty reports a form that came back with an error.
func (p FirstRunPage) Faulty() bool { return len(p.Corrections) > 0 }

// FirstRunDonePage leads on to where the administrator sets a password.
type FirstRunDonePage struct{ Name, URL string }
