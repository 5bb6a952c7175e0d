package page

import (
	"time"

	"latchkey/authmethods"
)

// The pages of service accounts, and the one for developers.
var (
	Services      = Admin[ServicesPage]("services_list", "services")
	NewService    = Admin[NewServicePage]("services_new", "services")
	Service       = Admin[ServicePage]("services_one", "services")
	IssuedKey     = Admin[IssuedKeyPage]("services_issued", "services")
	RollKey       = Admin[RollKeyPage]("services_roll", "services")
	RevokeKey     = Admin[RevokeKeyPage]("services_revoke", "services")
	DeleteService = Admin[DeleteServicePage]("services_delete", "services")
	Developers    = Admin[DevelopersPage]("services_developers", "developers")
)

// ServicesPage lists the service accounts.
type ServicesPage struct {
	Rows  []ServiceRow
	Empty Empty // shown where there are no rows
	// MayCreate offers a new one.
	MayCreate bool
}

// ServiceRow is a service account in the list.
type ServiceRow struct {
	ID      authmethods.ID
	Name    string
	Admin   bool
	State   ServiceState
	Permits []ServicePermit
	Keys    []ServiceKey // that are good
	Menu    Menu
}

// ServiceState says whether a service account can be used.
type ServiceState string

// The states.
const (
	ServiceEnabled  ServiceState = "enabled"
	ServiceExpiring ServiceState = "expiring" // its last key ends soon
	ServiceKeyless  ServiceState = "keyless"  // it has no key that is good
	ServiceDisabled ServiceState = "disabled"
)

// Kind is the colour of the state.
func (s ServiceState) Kind() Kind {
	switch s {
	case ServiceEnabled:
		return Good
	case ServiceExpiring, ServiceKeyless:
		return Wait
	}
	return "off"
}

// Icon is the icon of the state.
func (s ServiceState) Icon() string {
	switch s {
	case ServiceEnabled:
		return "active"
	case ServiceExpiring:
		return "clock"
	case ServiceKeyless:
		return "key"
	}
	return "off"
}

// ServicePermit is something that a service may borrow.
type ServicePermit struct {
	ID          authmethods.ID
	Method      string // its name; empty: every method
	Reference   string // of the method
	Environment string // empty: every environment
	Scopes      []string
	Missing     bool // there is no method of that reference
}

// ServiceKey is what may be shown of an API key.
type ServiceKey struct {
	ID         authmethods.ID
	Prefix     string // how it begins
	Name       string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time
	LastUsedAt time.Time
	State      KeyState
}

// KeyState says whether a key is good.
type KeyState string

// The states of keys.
const (
	KeyGood    KeyState = "good"
	KeyEnding  KeyState = "ending" // within two weeks
	KeyExpired KeyState = "expired"
	KeyRevoked KeyState = "revoked"
)

// Live reports a key that opens something.
func (k ServiceKey) Live() bool { return k.State == KeyGood || k.State == KeyEnding }

// Kind is the colour of the state.
func (s KeyState) Kind() Kind {
	switch s {
	case KeyGood:
		return Good
	case KeyEnding:
		return Wait
	}
	return "off"
}

// Icon is the icon of the state.
func (s KeyState) Icon() string {
	switch s {
	case KeyGood:
		return "active"
	case KeyEnding:
		return "clock"
	case KeyRevoked:
		return "revoked"
	}
	return "off"
}

// NewServicePage asks what a new service account is to be.
type NewServicePage struct {
	FormToken   string
	Corrections Corrections
	Name        Field
	Columns     []string // the environments
	Rows        []PermitRow
	Wrong       string // about what it may borrow; empty: nothing
	Scopes      Field
	Admin       *Choice // nil: it cannot be granted by whoever asks
	Expires     *Choice // nil: whoever asks may make no keys
}

// Faulty reports that something needs a correction.
func (p NewServicePage) Faulty() bool { return len(p.Corrections) > 0 }

// PermitRow is a method, with a box for each environment.
type PermitRow struct {
	Name  string // empty: every method
	Type  string // the provider's product
	Boxes []PermitBox
}

// PermitBox is a permit that can be given.
type PermitBox struct {
	ID          string // unique in the page
	Value       string // METHOD:ENVIRONMENT; empty: the method is not to be had there
	Environment string
	Chosen      bool
}

// ServicePage is everything about a service account.
type ServicePage struct {
	ID          authmethods.ID
	Name        string
	Rev         int64
	State       ServiceState
	Admin       bool
	CreatedAt   time.Time
	Menu        Menu
	FormToken   string
	Corrections Corrections
	MayModify   bool
	MayIssue    bool // keys
	Permits     []ServicePermit
	Permit      PermitForm
	Keys        []ServiceKey
	Ended       []ServiceKey
	KeyName     Field
	KeyExpires  Field
	Rename      Field
	Administer  *Choice // nil: it cannot be changed by whoever asks
	Used        Used
	MayAudit    bool
	Activity    []ServiceEvent
}

// Faulty reports that something needs a correction.
func (p ServicePage) Faulty() bool { return len(p.Corrections) > 0 }

// PermitForm asks for one more permit.
type PermitForm struct{ Method, Environment, Scopes Field }

// Used is what a service borrowed lately, by the ledger.
type Used struct {
	Rows  []UsedRow
	Loans int64
	Last  time.Time // zero: never
	More  bool      // there is more than was counted
	Href  string    // the ledger's page
}

// UsedRow is what was borrowed of one connection.
type UsedRow struct {
	Method      string // reference
	Environment authmethods.Environment
	Purposes    []string
	Tokens      int
	Loans       int64
	Last        time.Time
}

// ServiceEvent is an entry of the audit log.
type ServiceEvent struct {
	Action string // known to the catalogue, or as the log has it
	Known  bool
	What   string // the permit, key or name that it is about; empty: nothing to add
	Actor  string
	At     time.Time
}

// IssuedKeyPage shows a new key. It is answered to the form that made it, kept by
// nobody, and never at an address of its own.
type IssuedKeyPage struct {
	ID       authmethods.ID
	Name     string // of the service account
	First    bool   // the service account was made with it
	Rolled   time.Time
	Key      Copied
	Expires  time.Time // zero: never
	Permit   *ServicePermit
	Snippets []Snippet
}

// RollKeyPage asks how long the old key goes on.
type RollKeyPage struct {
	ID        authmethods.ID
	Name      string
	Rev       int64
	Key       ServiceKey
	FormToken string
	Overlap   Choice
}

// RevokeKeyPage says what a revoked key ends.
type RevokeKeyPage struct {
	ID        authmethods.ID
	Name      string
	Key       ServiceKey
	Others    int // keys of the service that go on
	Used      Used
	FormToken string
}

// DeleteServicePage says what the end of a service account ends.
type DeleteServicePage struct {
	ID        authmethods.ID
	Name      string
	Rev       int64
	Keys      int // that are good
	Used      Used
	FormToken string
}
