// Package fleet runs real server processes for tests, on a database of their own
// and against a simulated provider, and gathers what package judge judges by.
//
// The program is built once per test process. LATCHKEY_TEST_RACE=1 builds it with
// the race detector, LATCHKEY_TEST_BINARY names one that is built already.
package fleet
