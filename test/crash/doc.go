// Package crash kills a server at every write, sync, send and receive of a refresh
// and sees to it that nothing is lost and nothing is done twice.
//
//	go test ./test/crash                         # some of the points, others each time
//	go test ./test/crash -whole -timeout 30m     # all of them
//
// It traces the server with ptrace(2), so it runs on Linux only, and needs to be
// root or to have CAP_SYS_PTRACE: the server lets no other process of its user
// look into it. Where that is not allowed, servers are killed at random moments
// instead, and judged alike.
package crash
