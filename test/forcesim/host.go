package forcesim

// Host is an authorization host, which decides the environment.
type Host string

// The two authorization hosts.
const (
	Production Host = "login.salesforce.com"
	Sandbox    Host = "test.salesforce.com"
)

// organisation is the one customer organisation behind a host.
type organisation struct {
	host     Host
	instance string // host name of its API
	id       string
	userID   string
	username string
	email    string
}

func organisations() []organisation {
	return []organisation{
		{
			host:     Production,
			instance: "acme.my.salesforce.com",
			id:       "00D5g000004XyZaEAK",
			userID:   "0055g00000AbCdEAAV",
			username: "alice@acme.example",
			email:    "alice@acme.example",
		},
		{
			host:     Sandbox,
			instance: "acme--dev.sandbox.my.salesforce.com",
			id:       "00DE0000000PqRsMAK",
			userID:   "005E0000000TuVwIAK",
			username: "alice@acme.example.dev",
			email:    "alice@acme.example",
		},
	}
}
