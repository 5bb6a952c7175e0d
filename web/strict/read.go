package strict

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"latchkey/authmethods"
)

// Object is a JSON object that is being read. What nobody reads is a fault.
type Object struct {
	fields []field
	at     string // its JSON pointer
	root   *root
}

// root is what the objects of one body share.
type root struct {
	objects []*Object
	faults  []authmethods.FieldError
	// Room for the one object that most bodies are, so that it is all allocated at
	// once.
	first  Object
	one    [1]*Object
	fields [8]field
}

// Read parses a body, which must be one object.
func Read(body string) (*Object, error) {
	r := new(root)
	v, wrong := parse(body, r.fields[:0])
	if wrong != nil {
		return nil, authmethods.InvalidField(wrong.pointer, wrong.detail)
	}
	if v.kind != object {
		return nil, authmethods.InvalidField("", "The body must be a JSON object.")
	}
	return r.object(v, ""), nil
}

// Decode reads the body of a request. Its size is limited by whoever wrapped it.
func Decode(r *http.Request) (*Object, error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, authmethods.InvalidField("", "The body must be JSON and say so: Content-Type: application/json.")
	}
	body, err := all(r)
	if err != nil {
		return nil, err
	}
	return Read(body)
}

// DecodeOptional is Decode for a request that may have no body, which is like an
// empty object.
func DecodeOptional(r *http.Request) (*Object, error) {
	if r.ContentLength == 0 {
		return new(root).object(value{}, ""), nil
	}
	return Decode(r)
}

func isJSON(contentType string) bool {
	if contentType == "application/json" { // nearly always
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && media != "application/merge-patch+json" {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}

func all(r *http.Request) (string, error) {
	b, err := readAll(r)
	if err == nil {
		return string(b), nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return "", fmt.Errorf("strict: reading a body: %w", err)
	}
	return "", authmethods.InvalidField("", "The body ended too early.")
}

// readAll reads a body of a known length, which nearly all have, without looking
// for more.
func readAll(r *http.Request) ([]byte, error) {
	if n := r.ContentLength; n >= 0 && n < 1<<20 {
		b := make([]byte, n)
		_, err := io.ReadFull(r.Body, b)
		return b, err
	}
	return io.ReadAll(r.Body)
}

func (r *root) object(v value, at string) *Object {
	o := &r.first
	if r.objects == nil {
		r.objects = r.one[:0]
	} else {
		o = new(Object)
	}
	*o = Object{fields: v.fields, at: at, root: r}
	r.objects = append(r.objects, o)
	return o
}

// Fault notes that a field is wrong.
func (o *Object) Fault(name, detail string) {
	o.fault(o.pointer(name), detail)
}

func (o *Object) fault(pointer, detail string) {
	o.root.faults = append(o.root.faults, authmethods.FieldError{Pointer: pointer, Detail: detail})
}

func (o *Object) pointer(name string) string { return o.at + "/" + escapePointer.Replace(name) }

// Err is the problem of everything that was found wrong in the whole body, unread
// fields among it; nil if there is none. It comes last.
func (o *Object) Err() error {
	for _, each := range o.root.objects {
		for i := range each.fields {
			if !each.fields[i].read {
				each.Fault(shortened(each.fields[i].name), "There is no such field.")
			}
		}
	}
	if len(o.root.faults) == 0 {
		return nil
	}
	const most = 100
	return &authmethods.Problem{
		Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest,
		Detail: "The request is not valid.", Fields: o.root.faults[:min(len(o.root.faults), most)],
	}
}

// shortened keeps the name of a field that nobody knows within bounds.
func shortened(name string) string {
	const most = 64
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most])
	}
	return name
}

// Require notes the fields that are absent.
func (o *Object) Require(names ...string) {
	for _, name := range names {
		if !has(o.fields, name) {
			o.Fault(name, "This is needed.")
		}
	}
}

// Has reports whether the field is there, whatever its value.
func (o *Object) Has(name string) bool { return has(o.fields, name) }

// Names lists the fields in their order.
func (o *Object) Names() []string {
	var names []string
	for i := range o.fields {
		names = append(names, o.fields[i].name)
	}
	return names
}

var kindNames = [...]string{boolean: "true or false", number: "a number", text: "a text", list: "a list", object: "an object"}

// find returns the field if it is there and of kind k. Anything else of that name
// is a fault.
func (o *Object) find(name string, k kind) (value, bool) {
	for i := range o.fields {
		if o.fields[i].name != name {
			continue
		}
		o.fields[i].read = true
		v := o.fields[i].value
		if v.kind != k {
			o.Fault(name, "This must be "+kindNames[k]+".")
			return value{}, false
		}
		return v, true
	}
	return value{}, false
}

// null reports whether the field is null, and has read it then.
func (o *Object) null(name string) bool {
	for i := range o.fields {
		if o.fields[i].name == name && o.fields[i].value.kind == null {
			o.fields[i].read = true
			return true
		}
	}
	return false
}

// element is the pointer of an item of a list.
func (o *Object) element(name string, i int) string {
	return o.pointer(name) + "/" + strconv.Itoa(i)
}
