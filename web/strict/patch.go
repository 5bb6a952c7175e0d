package strict

import "latchkey/crypto/secret"

// The functions here read a JSON merge patch (RFC 7396): an absent field changes
// nothing and null takes a value away.

// PatchText reads a new text; nil if it stays, empty if it goes.
func (o *Object) PatchText(name string, most int) *string {
	if !o.Has(name) {
		return nil
	}
	if o.null(name) {
		return new(string)
	}
	s := o.Text(name, most)
	return &s
}

// PatchBool reads a new truth; nil if it stays.
func (o *Object) PatchBool(name string) *bool {
	if !o.Has(name) {
		return nil
	}
	b := o.Bool(name)
	return &b
}

// PatchTexts reads a new list, which replaces the old as a whole; nil if it stays.
func (o *Object) PatchTexts(name string, items, most int) *[]string {
	if !o.Has(name) {
		return nil
	}
	texts := []string{}
	if !o.null(name) {
		texts = append(texts, o.Texts(name, items, most)...)
	}
	return &texts
}

// PatchMap changes m field by field.
func (o *Object) PatchMap(name string, items, most int, m map[string]string) {
	if o.null(name) {
		clear(m)
		return
	}
	o.merge(name, items, most, m, true)
}

// PatchSecret reads a new secret; gone says that null was given for it.
func (o *Object) PatchSecret(name string, most int) (s secret.Text, gone bool) {
	if o.null(name) {
		return secret.Text{}, true
	}
	return o.Secret(name, most), false
}
