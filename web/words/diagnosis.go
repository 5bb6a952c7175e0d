package words

import (
	"slices"

	"latchkey/authmethods"
)

// explanation is a diagnosis in another language than English, which is the
// language of its source.
type explanation struct {
	Title  string   `yaml:"title"`
	Causes []string `yaml:"causes"`
	Action string   `yaml:"action"`
}

var explanations = readExplanations(frenchDiagnoses)

func readExplanations(document []byte) map[authmethods.Code]explanation {
	read := map[authmethods.Code]explanation{}
	decode(document, &read)
	return read
}

// who names those who can do something, as the source of the diagnoses calls them.
var who = map[string]string{
	"you":                               "who.you",
	"your administrator":                "who.administrator",
	"an administrator at the provider":  "who.provider",
	"the operator of this installation": "who.operator",
	"nobody; it passes by itself":       "who.nobody",
}

// Diagnosis returns d in the language, for all that show one: pages, API, command
// line and documentation. Code, reference and next action are the same in every
// language. What has no translation stays as it is.
func (w Words) Diagnosis(d authmethods.Diagnosis) authmethods.Diagnosis {
	switch w.Language() {
	case French:
		if e, ok := explanations[d.Code]; ok {
			d.Title, d.Causes, d.Action = e.Title, e.Causes, e.Action
		}
	case Pseudo:
		d.Title, d.Action, d.Causes = disguise(d.Title), disguise(d.Action), slices.Clone(d.Causes)
		for i, cause := range d.Causes {
			d.Causes[i] = disguise(cause)
		}
	default:
		return d
	}
	if key, ok := who[d.Who]; ok {
		d.Who = w.Say(key)
	}
	return d
}
