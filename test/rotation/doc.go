// Package rotation kills the rotation of keys at random points, while services borrow
// and tokens are refreshed, and sees to it that it always goes on, that every stored
// secret opens throughout, and that nobody who borrows notices.
//
//	go test ./test/rotation                       # some kills on each database
//	go test ./test/rotation -whole -timeout 30m   # fifty
//
// It traces the command that rotates with ptrace(2), so it runs on Linux only, and
// needs to be root or to have CAP_SYS_PTRACE.
package rotation
