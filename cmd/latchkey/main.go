// Command latchkey is the OAuth broker: the server, its demonstration, the
// simulator alone, and the operator's commands. It holds no rules of the product;
// it reads the configuration and wires the packages that do.
package main

import (
	"context"
	"os"
)

func main() {
	// Every command forgets the secrets of its environment, not the server alone: some
	// wait for minutes.
	p := &program{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	p.exposed = keepSecretsInside()
	os.Exit(p.exit(p.execute(context.Background(), os.Args[1:])))
}
