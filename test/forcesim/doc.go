// Package forcesim imitates an OAuth provider in the manner of Salesforce, with
// separate authorization hosts for production and sandbox.
//
// Both hosts live on one port and are told apart by the first part of the path:
//
//	URL/login.salesforce.com/services/oauth2/{authorize,token,revoke,userinfo}
//	URL/test.salesforce.com/services/oauth2/{authorize,token,revoke,userinfo}
//
// What it keeps of the original: token answers have no expires_in and carry
// instance_url, id, issued_at and signature; a client of one host is unknown at
// the other; an access token works only at the instance it was given for.
// It issues no ID tokens.
package forcesim
