package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"log"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"latchkey/crypto/secret"
)

const canary = "canary-3f9a71"

// hidden fails the test if the canary, or a common encoding of it, is in out.
func hidden(t *testing.T, what, out string) {
	t.Helper()
	forms := map[string]string{
		"plain":       canary,
		"hex":         fmt.Sprintf("%x", canary),
		"upper hex":   fmt.Sprintf("%X", canary),
		"byte list":   strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
		"base64":      "Y2FuYXJ5LTNmOWE3MQ",
		"escaped":     fmt.Sprintf("%+q", canary),
		"last 8 only": canary[len(canary)-8:],
	}
	for form, s := range forms {
		if strings.Contains(out, s) {
			t.Errorf("%s shows the secret (%s): %s", what, form, out)
		}
	}
}

type exported struct {
	Name   string
	Secret secret.Text
}

type unexported struct {
	name   string
	secret secret.Text
}

type embedded struct {
	secret.Text
}

// holders are the ways a secret may lie in a value that somebody prints.
func holders() map[string]any {
	s := secret.New(canary)
	return map[string]any{
		"value":                       s,
		"pointer":                     &s,
		"exported field":              exported{"n", s},
		"pointer to exported field":   &exported{"n", s},
		"unexported field":            unexported{"n", s},
		"pointer to unexported field": &unexported{"n", s},
		"embedded":                    embedded{s},
		"slice":                       []secret.Text{s},
		"array":                       [1]secret.Text{s},
		"slice of pointers":           []*secret.Text{&s},
		"slice of structs":            []unexported{{"n", s}},
		"map value":                   map[string]secret.Text{"k": s},
		"map key":                     map[secret.Text]string{s: "v"},
		"interface slice":             []any{s, &s},
	}
}

func TestNoVerbPrintsASecret(t *testing.T) {
	for name, v := range holders() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%c", "% x", "%+q", "%U", "%t", "%10.3s"} {
			hidden(t, name+" with "+verb, fmt.Sprintf(verb, v))
		}
		hidden(t, name+" with Sprint", fmt.Sprint(v))
		hidden(t, name+" with Sprintln", fmt.Sprintln(v))
	}
}

func TestAPrintedSecretSaysThatItIsRedacted(t *testing.T) {
	if got := fmt.Sprintf("%s|%#v|%d", secret.New(canary), secret.New(canary), secret.New(canary)); got != "[redacted]|[redacted]|[redacted]" {
		t.Errorf("printed %q", got)
	}
}

//
func TestNoLoggerPrintsASecret(t *testing.T) {
	handlers := map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	}
	for name, v := range holders() {
		for format, handler := range handlers {
			var out bytes.Buffer
			l := slog.New(handler(&out))
			l.Info("m", "k", v, slog.Group("g", "k", v))
			l.With("w", v).Warn("m", slog.Any("a", v))
			hidden(t, "slog "+format+" of "+name, out.String())
		}
		var out bytes.Buffer
		l := log.New(&out, "", 0)
		l.Print(v)
		l.Println(v)
		l.Printf("%v %+v %#v", v, v, v)
		hidden(t, "log of "+name, out.String())
	}
}

func TestAnErrorThatWrapsASecretDoesNotShowIt(t *testing.T) {
	hidden(t, "error", fmt.Errorf("sending %v: %w", secret.New(canary), io.EOF).Error())
}

// encoders are the ways a value may leave the process in one piece.
var encoders = map[string]func(any) ([]byte, error){
	"JSON": json.Marshal,
	"indented JSON": func(v any) ([]byte, error) {
		return json.MarshalIndent(v, "", " ")
	},
	"XML":  xml.Marshal,
	"YAML": yaml.Marshal,
	"gob": func(v any) ([]byte, error) {
		var b bytes.Buffer
		err := gob.NewEncoder(&b).Encode(v)
		return b.Bytes(), err
	},
}

//
func TestNoEncoderWritesASecret(t *testing.T) {
	for encoder, encode := range encoders {
		for name, v := range holders() {
			out, _ := encode(v)
			hidden(t, encoder+" of "+name, string(out))
		}
	}
}

// Redaction would turn a forgotten field into a working response with a silly
// value; refusing turns it into a failed test.
func TestEncodersRefuseASecretTheyCanSee(t *testing.T) {
	s := secret.New(canary)
	for encoder, encode := range encoders {
		for name, v := range map[string]any{"value": s, "pointer": &s, "exported field": exported{"n", s}, "slice": []secret.Text{s}} {
			if out, err := encode(v); err == nil {
				t.Errorf("%s of %s gave %q, want an error", encoder, name, out)
			}
		}
	}
	if out, err := json.Marshal(map[secret.Text]string{s: "v"}); err == nil {
		t.Errorf("JSON of a map key gave %q, want an error", out)
	}
}

func TestTemplatesDoNotShowASecret(t *testing.T) {
	page := template.Must(template.New("").Parse(
		`<p title="{{.}}">{{.}}</p><script>var x = {{.}}</script><a href="/?q={{.}}">{{printf "%v %s" . .}}</a>`))
	for name, v := range holders() {
		var out bytes.Buffer
		_ = page.Execute(&out, v) // where the script context refuses, the output ends early
		hidden(t, "template of "+name, out.String())
	}
}

func TestRevealReturnsWhatNewWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if got := secret.New(s).Reveal(); got != s {
			t.Fatalf("got %q, want %q", got, s)
		}
	})
}

func TestTheZeroSecretIsTheAbsentOne(t *testing.T) {
	var zero secret.Text
	if !zero.IsZero() || !secret.New("").IsZero() || secret.New("x").IsZero() {
		t.Error("IsZero must hold for the zero value and the empty string only")
	}
	if zero.Reveal() != "" {
		t.Error("the absent secret reveals something")
	}
}

func TestLast4NeedsALongSecret(t *testing.T) {
	for in, want := range map[string]string{"": "", "abcd": "", "12345678901": "", "123456789012": "9012"} {
		if got := secret.New(in).Last4(); got != want {
			t.Errorf("Last4 of %d characters = %q, want %q", len(in), got, want)
		}
	}
}
