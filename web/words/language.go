package words

import "golang.org/x/text/language"

// Language is one that pages can be in, as the lang attribute of HTML names it.
type Language string

// The languages. English comes first: it is what is used where nothing fits.
const (
	English Language = "en"
	French  Language = "fr"
	// Pseudo is English in disguise, a third longer: it shows what is cut off, what
	// does not fit and what was never put into the catalogue. Nobody is given it by
	// [Match].
	Pseudo Language = "en-x-pseudo"
)

// Languages lists the languages that people may choose.
var Languages = [...]Language{English, French}

// Known reports whether people may choose l.
func (l Language) Known() bool { return l == English || l == French }

var matcher = language.NewMatcher([]language.Tag{language.English, language.French})

// Match returns the language for somebody: what they have set, else what fits the
// header Accept-Language best, else English.
func Match(acceptLanguage, setting string) Language {
	if l := Language(setting); l.Known() {
		return l
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return English
	}
	_, i, _ := matcher.Match(wanted...)
	return Languages[i]
}
