package overview_test

import (
	"testing"

	"latchkey/authmethods/store"
	"latchkey/test/pages"
)

func TestPagesSayWhatIsFrozen(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", "workspace-admin")
	v.Get("/methods").Shows(200).Lacks("is frozen")
	in, err := s.Methods.For(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.Freeze(t.Context(), store.FreezeTarget{Method: "zoho-desk"}, "a drill"); err != nil {
		t.Fatal(err)
	}
	v.Get("/methods").Shows(200, "The method zoho-desk is frozen", "The reason given: a drill.", "An administrator of the workspace can lift it.")
	v.In("fr").Get("/connections").Shows(200, "La méthode zoho-desk est gelée", "Raison donnée")
	s.Visitor(t).Get("/login").Shows(200).Lacks("zoho-desk is frozen")
}
