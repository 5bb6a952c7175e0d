package words_test

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/web/words"
)

func TestTheLanguageIsWhatSomebodySetOrElseWhatTheirBrowserAsksFor(t *testing.T) {
	for _, c := range []struct {
		header, setting string
		want            words.Language
	}{
		{"", "", words.English},
		{"fr", "", words.French},
		{"fr-CA,fr;q=0.9,en;q=0.8", "", words.French},
		{"de,fr;q=0.5,en;q=0.4", "", words.French},
		{"de", "", words.English},
		{"en-GB,fr;q=0.9", "", words.English},
		{"fr", "en", words.English},
		{"en", "fr", words.French},
		{"fr", "de", words.French},
		{"en-x-pseudo", "en-x-pseudo", words.English},
		{"*", "", words.English},
		{"not a header at all, ;;;", "", words.English},
		{strings.Repeat("fr,", 5000), "", words.French},
	} {
		if got := words.Match(c.header, c.setting); got != c.want {
			t.Errorf("%.40q and %q: %s, want %s", c.header, c.setting, got, c.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("fr-CA;q=0.8, en", "")
	f.Fuzz(func(t *testing.T, header, setting string) {
		if !words.Match(header, setting).Known() {
			t.Errorf("%q and %q give a language that is none", header, setting)
		}
	})
}

func TestNumbersAndTimesAreWrittenAsTheLanguageWritesThem(t *testing.T) {
	en, fr := words.In(words.English), words.In(words.French)
	at := time.Date(2026, 11, 1, 10, 31, 5, 0, time.UTC)
	here := at.In(time.FixedZone("here", 3600))
	for _, c := range []struct{ name, got, want string }{
		{"a number", en.Number(4312), "4,312"},
		{"a number", fr.Number(4312), "4\u202f312"},
		{"a small number", fr.Number(999), "999"},
		{"a large number", fr.Number(1234567), "1\u202f234\u202f567"},
		{"below nothing", en.Number(-1234), "−1,234"},
		{"a share", en.Percent(.9998), "99.98%"},
		{"a share", fr.Percent(.9998), "99,98\u202f%"},
		{"nearly all", en.Percent(.99999), "99.99%"},
		{"nearly nothing", en.Percent(.000001), "0.01%"},
		{"all", en.Percent(1), "100%"},
		{"nothing", fr.Percent(0), "0\u202f%"},
		{"a day", en.Date(at), "1 November 2026"},
		{"a day", fr.Date(at), "1er novembre 2026"},
		{"a time of day", en.Clock(at), "10:31 UTC"},
		{"a time of day", fr.Clock(at), "10\u202fh\u202f31 UTC"},
		{"a time of day here", en.Clock(here), "11:31"},
		{"a time of day here", fr.Clock(here), "11\u202fh\u202f31"},
		{"a moment", en.Moment(at), "1 November 2026, 10:31:05 UTC"},
		{"a moment", fr.Moment(at), "1er novembre 2026 à 10\u202fh\u202f31\u202fmin\u202f05\u202fs UTC"},
		{"past", en.Ago(41 * time.Minute), "41 minutes ago"},
		{"past", fr.Ago(time.Hour), "il y a 1 heure"},
		{"just past", fr.Ago(time.Second), "à l’instant"},
		{"to come", en.In(26 * time.Hour), "in 26 hours"},
		{"to come", fr.In(12 * 24 * time.Hour), "dans 12 jours"},
		{"a moment to come", en.In(time.Second), "in a moment"},
		{"no list", en.List(nil), ""},
		{"a list of one", en.List([]string{"a"}), "a"},
		{"a list of two", fr.List([]string{"a", "b"}), "a et b"},
		{"a list", en.List([]string{"a", "b", "c"}), "a, b and c"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	for _, c := range []struct {
		language words.Language
		n        int
		want     string
	}{
		{words.English, 0, "0 minutes"}, {words.English, 1, "1 minute"}, {words.English, 2, "2 minutes"},
		{words.French, 0, "0 minute"}, {words.French, 1, "1 minute"}, {words.French, 2, "2 minutes"},
	} {
		if got := words.In(c.language).Say("time.minutes", "n", c.n); got != c.want {
			t.Errorf("%s, %d: %q, want %q", c.language, c.n, got, c.want)
		}
	}
}

func TestWhatStandsForAPlaceholderNeverBecomesMarkup(t *testing.T) {
	w := words.In(words.English)
	got := w.Rich("start.lead", "tenant", `<b onclick="x">&`, "provider", "Zoho {tenant}")
	want := "<strong><bdi>&lt;b onclick=&#34;x&#34;&gt;&amp;</bdi></strong> would like to use an account at <strong><bdi>Zoho {tenant}</bdi></strong>. You decide there whether it may."
	if string(got) != want {
		t.Errorf("%s", got)
	}
	if got := w.Rich("start.scope", "scope", template.HTML("<code>a</code>")); !strings.Contains(string(got), "<code>a</code>") {
		t.Errorf("HTML of ours was escaped: %s", got)
	}
	if got := w.Rich("time.in", "span", []string{"<a>", "b"}); string(got) != "in <bdi>&lt;a&gt;</bdi> and <bdi>b</bdi>" {
		t.Errorf("a list: %s", got)
	}
}

func TestWhatIsMissingIsShownAsSuch(t *testing.T) {
	w := words.Words{}
	if got := w.Say("no.such.key"); got != "⟦no.such.key⟧" {
		t.Error(got)
	}
	if got := w.Say("time.in"); got != "in ⟦span⟧" {
		t.Error(got)
	}
}

func TestTheDisguiseKeepsPlaceholdersAndMarkup(t *testing.T) {
	got := string(words.In(words.Pseudo).Rich("start.lead", "tenant", "Acme", "provider", "Zoho"))
	plain := string(words.In(words.English).Rich("start.lead", "tenant", "Acme", "provider", "Zoho"))
	if !strings.HasPrefix(got, "[") || !strings.HasSuffix(got, "]") || !strings.Contains(got, "<strong><bdi>Acme</bdi></strong>") || len([]rune(got)) < len([]rune(plain))*5/4 {
		t.Errorf("%s", got)
	}
}

func TestEveryDiagnosisIsComplete(t *testing.T) {
	fr := words.In(words.French)
	for _, d := range authmethods.Diagnoses() {
		got := fr.Diagnosis(d)
		if got.Title == d.Title || got.Action == d.Action || got.Who == d.Who || len(got.Causes) != len(d.Causes) {
			t.Errorf("%s %s lacks something in French: %+v", d.Ref, d.Code, got)
		}
		if got.Code != d.Code || got.Ref != d.Ref || got.NextAction != d.NextAction || got.Temporary != d.Temporary {
			t.Errorf("%s changes more than words", d.Ref)
		}
		if n := len([]rune(got.Title)); n > 70 {
			t.Errorf("the title of %s has %d letters", d.Ref, n)
		}
	}
}
