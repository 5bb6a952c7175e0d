package mail

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"latchkey/crypto/secret"
)

// Kind is what a mail is about.
type Kind string

// The kinds.
const (
	Invitation      Kind = "invitation" // with a Link
	Reset           Kind = "reset"      // with a Link
	PasswordChanged Kind = "password_changed"
	PasskeyAdded    Kind = "passkey_added"
	PasskeyRemoved  Kind = "passkey_removed"
	CodesEnabled    Kind = "codes_enabled"
	CodesRemoved    Kind = "codes_removed"
)

// Message is a mail to one person.
type Message struct {
	Kind      Kind
	To        string // the address
	Name      string // of the person; may be empty
	Language  string // "fr"; anything else is English
	Workspace string // what the tenant is called
	UserName  string // by which the person signs in
	// Link is the link to click on, for the kinds that have one.
	Link secret.Text
	// Life is for how long Link is good.
	Life time.Duration
	// At is when it happened, for notices; zero: not said.
	At time.Time
}

// longest bounds a name in a mail.
const longest = 200

func control(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// oneLine returns a name without what could begin another line.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return control(r) || unicode.Is(unicode.Bidi_Control, r) }), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strings.TrimSpace(text)
}

// letter is what a mail says, before it is laid out.
type letter struct {
	Language string
	Subject  string
	Greeting string
	Lines    []string
	Button   string // empty: there is no link
	Link     string
	After    []string
}

// letter fills in the words of a message.
func (m Message) letter() (letter, error) {
	language, words := "en", english
	if strings.HasPrefix(strings.ToLower(m.Language), "fr") {
		language, words = "fr", french
	}
	w, ok := words.kinds[m.Kind]
	if !ok {
		return letter{}, fmt.Errorf("there is no mail of the kind %q", m.Kind)
	}
	if (w.button != "") == m.Link.IsZero() {
		return letter{}, errors.New("the link is missing, or is too many")
	}
	workspace := oneLine(m.Workspace)
	if workspace == "" {
		workspace = "Latchkey"
	}
	fill := strings.NewReplacer("{workspace}", workspace, "{user}", oneLine(m.UserName), "{life}", words.life(m.Life), "{name}", oneLine(m.Name))
	l := letter{Language: language, Subject: fill.Replace(w.subject), Greeting: words.greeting, Button: w.button, Link: m.Link.Reveal()}
	if oneLine(m.Name) != "" {
		l.Greeting = fill.Replace(words.greetingName)
	}
	for _, line := range w.lines {
		l.Lines = append(l.Lines, fill.Replace(line))
	}
	if !m.At.IsZero() && w.button == "" {
		l.Lines = append(l.Lines, words.at(m.At.UTC()))
	}
	for _, line := range w.after {
		l.After = append(l.After, fill.Replace(line))
	}
	return l, nil
}
