//go:build !linux

package chaos_test

import (
	"os"
	"testing"
)

func TestChaosIsMadeHere(t *testing.T) {
	if os.Getenv("CI") == "true" {
		t.Fatal("this suite mounts, stops and limits as only Linux lets it")
	}
	t.Skip("this suite mounts, stops and limits as only Linux lets it")
}
