package states

import (
	"net/http"

	"latchkey/web/page"
	"latchkey/web/words"
)

// Policy is the content policy of the server, beside that forms may go nowhere.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Handler serves each state under its name, with the parameters lang and theme, and
// what the pages load.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{file}", func(w http.ResponseWriter, r *http.Request) {
		if found, err := page.WriteStatic(w, r, r.PathValue("file")); !found || err != nil {
			http.NotFound(w, r)
		}
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", Policy)
		speaks := words.In(words.Language(r.FormValue("lang")))
		for _, state := range All(speaks) {
			if state.Name != r.PathValue("name") {
				continue
			}
			chrome := page.Chrome{
				Words: speaks, Theme: r.FormValue("theme"), Tenant: "Acme",
				Person: &page.Person{Name: "Marie Dupont", Email: "marie@acme.example"},
			}
			if err := state.Write(w, chrome); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			return
		}
		http.NotFound(w, r)
	})
	return mux
}
