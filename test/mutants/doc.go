// Command mutants removes checks and sees whether a test notices.
//
// requirements.yaml holds the security requirements. Each names faults: a piece of the
// program, what to put in its place so that the check is gone, and the test that must
// fail then. With -policy, faults are made by rule in the files that hold policy: each
// condition is held to be true, then false, and each comparison is turned round.
//
// The tree is never touched: a fault is laid over its file for one run of go test.
//
//	go run ./test/mutants                  # every fault of every requirement
//	go run ./test/mutants -only R-04       # those of one
//	go run ./test/mutants -policy          # faults by rule; takes long
package main
