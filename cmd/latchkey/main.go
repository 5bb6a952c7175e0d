// Command latchkey is the OAuth broker: the server, its demonstration, the
// simulator alone, and the operator's commands. It holds no rules of the product;
// it reads the configuration and wires the packages that do.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
