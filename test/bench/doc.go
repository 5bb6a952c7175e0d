// Command bench measures how fast Latchkey is and what it costs, against a bare
// Echo handler that it starts beside the real server.
//
//	go run ./test/bench                        # everything, about 25 minutes
//	go run ./test/bench -quick                 # smaller numbers, about two minutes
//	go run ./test/bench -only memory,herd      # some of it
//
// It builds the server, seeds databases with real sealed grants, starts a small
// Zoho of its own and puts load on raw keep-alive connections. The load comes from
// goroutines of this process, which share the machine with the server: the server's
// own CPU time per request is the figure that counts, requests a second come after
// it. What is compared is alternated, and the median of the rounds is printed.
//
// It measures and asserts nothing: the exit code is 0 unless something could not be
// measured at all.
package main
