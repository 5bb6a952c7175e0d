// Package chaos takes away, one by one, what a running installation stands on, and
// sees to it that nothing is lost, nothing is done twice, and all works again when
// it is back.
//
//	go test ./test/chaos            # some experiments, in a short form
//	go test ./test/chaos -whole     # all of them
//
// After each experiment the judges of package judge decide from the logs of the
// provider and the borrowers, and every server must use no more than before. It
// needs PostgreSQL and PgBouncer. For full disks it mounts a file system in memory;
// where that is not allowed, the size of the files that may be written is limited
// instead.
package chaos
