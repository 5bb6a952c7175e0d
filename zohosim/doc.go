// Package zohosim is a Zoho that runs in one process on one port: the accounts servers, the
// product API hosts and Zoho Desk of eleven data centres, with real pages for people, the limits
// and error bodies Zoho documents, faults on demand, and a log that says afterwards which token
// was good at which moment.
//
// Where Zoho's own pages contradict each other the behaviour is a field of [Switches], and the
// zero value is the documented default. The package knows nothing of its callers: it speaks HTTP
// to them, and tests of any OAuth client can use it.
package zohosim
