package api

import (
	"encoding/json"
	"reflect"
	"testing"

	"latchkey/web/strict"
)

// FuzzTakeClaims takes the claims out of any text: what is left is read as strictly as
// before, and the claims are those that any reader of JSON finds.
func FuzzTakeClaims(f *testing.F) {
	for _, seed := range []string{
		`{"claims":{"a":1.50,"b":[{"c":null}]},"sign_in":"x"}`, `{"sign_in":"x"}`, `{"claims": []}`, `{"claims":null}`, `{"cl\u0061ims":{}}`,
		`{"claims":{},"claims":{}}`, `{"a":{"claims":{}}}`, `[{"claims":{}}]`, `{"claims":{}`, `{"claims":{}} x`, `{"claims" :  {"a":"}"}  , "b":1}`, ``, `{`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest, claims, wrong := takeClaims([]byte(text))
		_, before := strict.Read(text)
		body, after := strict.Read(string(rest))
		if before == nil && after != nil {
			t.Errorf("%s became %s, which is refused: %v", text, rest, after)
		}
		if claims == nil {
			return
		}
		if wrong != "" {
			t.Errorf("claims and a fault of them: %s", wrong)
		}
		if after == nil {
			if body.PatchText("claims", 0); !body.Has("claims") {
				t.Errorf("the field is gone from %s", rest)
			}
		}
		if before != nil {
			return // given twice, or nested too deeply
		}
		var fields map[string]json.RawMessage
		var want map[string]any
		if json.Unmarshal([]byte(text), &fields) != nil || json.Unmarshal(fields["claims"], &want) != nil {
			return // a number that no float holds
		}
		again, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(again, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the claims of %s are taken for %s", text, again)
		}
	})
}
