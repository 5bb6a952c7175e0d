package login_test

import (
	"strings"
	"testing"
)

func TestAnotherAccountIsTriedForTheSamePlace(t *testing.T) {
	s := newSite(t)
	for start, want := range map[string]string{
		loginURL + "?return_to=%2Fusers%3Fq%3Da": `href="` + loginURL + `?return_to=%2Fusers%3Fq%3Da&amp;select_account=1"`,
		loginURL:                                 `href="` + loginURL + `?select_account=1"`,
	} {
		v := s.visitor()
		if told := v.Get(v.SignInAt(start, "sam@example.com").To()); !strings.Contains(told.Body, want) {
			t.Errorf("after %s the page does not hold %s: %s", start, want, told.Body)
		}
	}
}
