package catalog

// calls fills in the API calls that a type describes.
func (r *resolver) calls() {
	if o := r.t.Organizations; o != nil {
		resolved := *o
		resolved.URL, resolved.Proof = r.text(o.URL), r.text(o.Proof)
		r.p.Organizations = &resolved
	}
	if people := r.t.People; people != nil {
		resolved := *people
		resolved.URL = r.text(people.URL)
		r.p.People = &resolved
	}
	if a := r.t.Account; a != nil {
		resolved := *a
		resolved.URL = r.text(a.URL)
		r.p.Account = &resolved
	}
	if c := r.t.TestCall; c != nil {
		resolved := *c
		resolved.URL = r.text(c.URL)
		r.p.TestCall = &resolved
	}
}
