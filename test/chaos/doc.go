// Package chaos takes away, one by one, what a running installation stands on, and
// sees to it that nothing is lost, nothing is done twice, and all works again when
// it is back.
//
//	go test ./test/chaos            # some experiments, in a short form
//	go test ./test/chaos -whole     # all of them
//
// After each experiment the judges of package judge decide from the logs of the
// provider and the borrowers, and every server must use no more than before. It
// needs PostgreSQL and PgBouncer, and for full disks the right to mount a file
// system in memory.
package chaos
