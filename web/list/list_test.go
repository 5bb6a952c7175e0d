package list_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"latchkey/authmethods"
	"latchkey/web/list"
)

func read(raw string) *list.Query {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.RawQuery = raw
	return list.Read(r, "method")
}

func TestACursorLeadsBackToWhereItWasGiven(t *testing.T) {
	const id authmethods.ID = "am_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH"
	q := read("cursor=" + list.IDCursor(id))
	if got := q.AfterID("am"); got != id || q.Err() != nil {
		t.Errorf("%q, %v", got, q.Err())
	}
	if read("cursor="+list.IDCursor(id)).AfterID("conn") != "" {
		t.Error("a cursor of another list is accepted")
	}
	q = read("cursor=" + list.SeqCursor(4711))
	if got := q.BeforeSeq(); got != 4711 || q.Err() != nil {
		t.Errorf("%d, %v", got, q.Err())
	}
}

// FuzzRead reads any query: it is understood or refused, and never gives a cursor
// that we could not have given.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", "limit=10", "limit=-1", "limit=99999999999999999999", "cursor=YW1f", "cursor=%ff", "a=b;c=d", "%", "method=\x00", "limit=1&limit=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := read(raw)
		after, before := q.AfterID("am"), read(raw).BeforeSeq()
		if q.Err() == nil && (q.Limit < 1 || q.Limit > 200) {
			t.Errorf("limit %d", q.Limit)
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		if after != "" && list.IDCursor(after) != values.Get("cursor") {
			t.Errorf("the cursor %q leads behind %s", values.Get("cursor"), after)
		}
		if before != 0 && list.SeqCursor(before) != values.Get("cursor") {
			t.Errorf("the cursor %q leads before %d", values.Get("cursor"), before)
		}
	})
}

func TestAPageHasACursorOnlyIfThereIsMore(t *testing.T) {
	name := func(s string) string { return "behind " + s }
	if p := list.PageOf([]string{"a", "b"}, 2, name); p.NextCursor != "" || len(p.Items) != 2 {
		t.Errorf("the last page: %v", p)
	}
	if p := list.PageOf([]string{"a", "b", "c"}, 2, name); p.NextCursor != "behind b" || len(p.Items) != 2 {
		t.Errorf("a page before the last: %v", p)
	}
	if p := list.Show(list.Page[string]{}, name); p.Items == nil {
		t.Error("an empty page is null and not an empty list")
	}
}
