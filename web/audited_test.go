package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/authmethods/audit"
	"latchkey/web"
	"latchkey/web/route"
)

// recorded says that the route leaves an event when it changed something.
const recorded = "recorded"

// audits says of every route that may change something what it leaves in the audit
// log: an event; what another route leaves ("as …"), whose use case it shares; an event
// that the tests named hold ("elsewhere: …"); or nothing, and why.
var audits = map[string]string{
	"createAuthMethod": recorded, "changeAuthMethod": recorded, "deleteAuthMethod": recorded, "enableAuthMethod": recorded,
	"disableAuthMethod": recorded, "duplicateAuthMethod": recorded, "pasteAuthMethodCode": "elsewhere: tokens/store", "chooseOrganizationOfConsent": "elsewhere: tokens/store",
	"importConnection": "elsewhere: tokens/store", "revokeConnection": recorded, "chooseConnectionOrganization": recorded,
	"createServiceAccount": recorded, "changeServiceAccount": recorded, "deleteServiceAccount": recorded, "addPermit": recorded, "removePermit": recorded,
	"issueAPIKey": recorded, "revokeAPIKey": recorded, "rollAPIKey": recorded, "freezeMethod": "as freeze", "freezeService": "as freeze", "freezeWorkspace": "as freeze", "freezeTenant": "as freeze", "freezeEverything": "elsewhere: authmethods/store", "freeze": recorded, "unfreeze": "elsewhere: authmethods/store",
	"createUser": recorded, "importUsers": recorded, "changeUser": recorded, "deleteUser": recorded, "setUserRoles": recorded,
	"addUserConnector": recorded, "removeUserConnector": recorded, "pinIdentity": recorded, "unpinIdentity": recorded,
	"endSessions": recorded, "endSession": recorded, "inviteUser": recorded, "resetPassword": recorded, "removeTOTP": recorded, "removePasskey": "elsewhere: sso/credentials",
	"createSSOConnector": recorded, "changeSSOConnector": recorded, "deleteSSOConnector": recorded, "enableSSOConnector": recorded,
	"disableSSOConnector": recorded, "associateUsers": recorded, "dissociateUser": recorded, "linkSignIn": recorded,
	"createRole": recorded, "changeRole": recorded, "deleteRole": recorded, "changeSettings": recorded,

	"lendToken":  "nothing: the ledger has the first loan of each token to each service, and the count of all",
	"lendTokens": "nothing: as lendToken", "exchangeToken": "nothing: as lendToken",
	"reportRejection": "nothing: the history of the connection has it",
	"exchangeTicket":  "nothing: the ticket is that of a sign-in on record, and is marked as used",
	"testAuthMethod":  "nothing: it asks the provider and changes nothing", "testConnection": "nothing: as testAuthMethod",
	"testMapping": "nothing: it changes nothing", "dryRunMapping": "nothing: it changes nothing",
	"startConsent": "nothing: the consent began with enableAuthMethod; its end is recorded",

	"chooseConsentOrganization": "as chooseOrganizationOfConsent", "submitConnectionTest": "as testConnection", "submitConnectionRevoke": "as revokeConnection",
	"submitConnectionRefresh": "elsewhere: tokens/consent", "submitAuditVerify": "nothing: it changes nothing",
	"makeMethod": "as createAuthMethod", "editMethod": "as changeAuthMethod", "removeNextSecret": "as changeAuthMethod", "beginMethod": "as enableAuthMethod", "pasteMethodCode": "as pasteAuthMethodCode",
	"testMethod": "as testAuthMethod", "disableMethod": "as disableAuthMethod", "copyMethod": "as duplicateAuthMethod", "removeMethod": "as deleteAuthMethod",
	"associateSignIn": "as associateUsers", "linkSignInByForm": "as linkSignIn", "createFromSignIn": "as createUser", "doDisableConnector": "as disableSSOConnector",
	"doEnableConnector": "as enableSSOConnector", "doDeleteConnector": "as deleteSSOConnector", "doDeleteRole": "as deleteRole",
	"makeConnector": "as createSSOConnector", "saveConnector": "as changeSSOConnector", "tryMapping": "as testMapping", "checkEveryoneWith": "as dryRunMapping",
	"associatePeople": "as associateUsers", "dissociatePeople": "as dissociateUser", "makeUser": "as createUser", "importByForm": "as importUsers",
	"doDisableUser": "as changeUser", "doEnableUser": "as changeUser", "doDeleteUser": "as deleteUser", "doInviteUser": "as inviteUser",
	"doResetUserPassword": "as resetPassword", "doSignUserOut": "as endSessions", "doEndUserSession": "as endSession",
	"doUnpinUserAccount": "as unpinIdentity", "doRemoveUserCodes": "as removeTOTP", "doRemoveUserPasskey": "as removePasskey",
	"doRemoveUserConnector": "as removeUserConnector", "saveUser": "as changeUser", "saveUserRoles": "as setUserRoles", "associateUser": "as addUserConnector", "makeRole": "as createRole", "saveRole": "as changeRole",
	"makeService": "as createServiceAccount", "editService": "as changeServiceAccount", "disableService": "as changeServiceAccount",
	"enableService": "as changeServiceAccount", "removeService": "as deleteServiceAccount", "allowService": "as addPermit", "disallowService": "as removePermit",
	"makeKey": "as issueAPIKey", "rollKey": "as rollAPIKey", "endKey": "as revokeAPIKey", "editSettings": "as changeSettings",
	"signEverybodyOut": "as endSessions", "changeOwnPreferences": "elsewhere: sso/directory",
	"makeTenant": "elsewhere: authmethods/store", "enableTenant": "elsewhere: authmethods/store", "disableTenant": "elsewhere: authmethods/store",
	"removeTenant": "elsewhere: authmethods/store", "inviteAdministrator": "as inviteUser", "makeFirstWorkspace": "elsewhere: authmethods/store",
	"signOut": "elsewhere: sso/session", "backChannelLogout": "elsewhere: sso/session", "logOut": "elsewhere: sso/session", "logIn": "elsewhere: sso/session", "enterLoginCode": "elsewhere: sso/session",
	"replaceExpiredPassword": "elsewhere: sso/credentials", "beginPasskeyLogin": "nothing: it changes nothing", "finishPasskeyLogin": "elsewhere: sso/session",
	"acceptInvitation": "elsewhere: sso/credentials", "changeOwnPassword": "elsewhere: sso/credentials", "beginCodes": "nothing: codes count when they are confirmed",
	"confirmCodes": "elsewhere: sso/credentials", "removeCodes": "elsewhere: sso/credentials", "beginPasskey": "nothing: it changes nothing",
	"finishPasskey": "elsewhere: sso/credentials", "removeOwnPasskey": "elsewhere: sso/credentials",
	"endOtherSessions": "elsewhere: sso/session", "endOwnSession": "elsewhere: sso/session",
}

// TestEveryRouteThatChangesSomethingSaysWhatItRecords
// a new route fails here until it has an entry.
func TestEveryRouteThatChangesSomethingSaysWhatItRecords(t *testing.T) {
	known := map[string]bool{}
	for _, r := range web.Table(web.Deps{}) {
		if r.Method == http.MethodGet {
			continue
		}
		known[r.Operation] = true
		says := audits[r.Operation]
		same, shared := strings.CutPrefix(says, "as ")
		switch {
		case says == "":
			t.Errorf("%s %s (%s): nothing says what it leaves in the audit log", r.Method, r.Path, r.Operation)
		case shared && audits[same] == "":
			t.Errorf("%s is said to record as %s does, which has no entry", r.Operation, same)
		}
	}
	for operation := range audits {
		if !known[operation] {
			t.Errorf("%s is no route", operation)
		}
	}
}

// witnessed are the operations that were seen to leave an event, in all tests.
var witnessed sync.Map

// TestMain holds, after all tests of the package, that each route that records was seen
// to do so.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && !testing.Short() {
		for operation, says := range audits {
			if _, ok := witnessed.Load(operation); says == recorded && !ok {
				fmt.Fprintf(os.Stderr, "no test saw %s leave an event in the audit log\n", operation)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// changing finds the operation of a request that may change something.
var changing = sync.OnceValue(func() func(*http.Request) string {
	type pattern struct {
		method, operation string
		path              *regexp.Regexp
	}
	var all []pattern
	parameter := regexp.MustCompile(`:[a-z_]+`)
	for _, r := range web.Table(web.Deps{}) {
		if r.Method != http.MethodGet {
			all = append(all, pattern{r.Method, r.Operation, regexp.MustCompile("^" + parameter.ReplaceAllString(r.Path, "[^/]+") + "$")})
		}
	}
	// What is named exactly goes before what a parameter stands for.
	slices.SortStableFunc(all, func(a, b pattern) int {
		return strings.Count(a.path.String(), "[^/]+") - strings.Count(b.path.String(), "[^/]+")
	})
	return func(r *http.Request) string {
		for _, p := range all {
			if p.method == r.Method && p.path.MatchString(r.URL.Path) {
				return p.operation
			}
		}
		return ""
	}
})

// witness looks whether a request left an event, and that it holds no secret of it.
func (s *stack) witness(l route.Listener, r *http.Request, sent []byte, answered reply) {
	s.t.Helper()
	if l != route.Public || answered.Status >= 400 || r.Method == http.MethodGet || r.Method == http.MethodHead || !strings.HasPrefix(r.Host, "acme.") {
		return
	}
	operation := changing()(r)
	if operation == "" {
		return
	}
	tenant, err := s.Methods.For(adminOf(s.Tenant.ID))
	must(s.t, err)
	events, err := tenant.Events(s.t.Context(), audit.Query{Limit: 20})
	must(s.t, err)
	for i := range events {
		if events[i].RequestID != answered.Header.Get("X-Request-Id") {
			continue
		}
		witnessed.Store(operation, true)
		text, err := json.Marshal(events[i])
		must(s.t, err)
		for name, value := range secretsIn(sent) {
			if strings.Contains(string(text), value) {
				s.t.Errorf("%s: the audit log holds %s: %s", operation, name, text)
			}
		}
		for name, value := range secretsIn([]byte(answered.Body)) {
			if strings.Contains(string(text), value) {
				s.t.Errorf("%s: the audit log holds %s of the answer: %s", operation, name, text)
			}
		}
	}
}

// secretsIn are the texts of a JSON object that are secrets by their names.
func secretsIn(text []byte) map[string]string {
	var object map[string]any
	if json.Unmarshal(text, &object) != nil {
		return nil
	}
	found := map[string]string{}
	for _, name := range []string{"client_secret", "refresh_token", "access_token", "password", "code", "key", "link", "secret"} {
		if value, ok := object[name].(string); ok && len(value) >= 8 {
			found[name] = value
		}
	}
	return found
}
