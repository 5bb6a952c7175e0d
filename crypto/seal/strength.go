package seal

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Passwords that people hash to get 32 bytes.
var usual = []string{"", "secret", "password", "changeme", "change-me", "default", "latchkey", "test", "key", "master"}

// checkStrength refuses keys that nobody drew at random. It cannot tell a good
// key, only notice the usual bad ones; a random key fails it less than once in
// 10^9.
func checkStrength(key []byte) error {
	if len(key) != keySize {
		return fmt.Errorf("the key is %d bytes long and must be %d: make one with «openssl rand -base64 32»", len(key), keySize)
	}
	why := ""
	switch {
	case distinct(key) <= keySize/2:
		why = "repeats itself"
	case evenSteps(key):
		why = "is a plain sequence of numbers"
	case typed(key):
		why = "is text that somebody typed"
	case wellKnown(key):
		why = "is the hash of a well-known word"
	default:
		return nil
	}
	return fmt.Errorf("the key %s, it is not random: make one with «openssl rand -base64 32»", why)
}

func distinct(key []byte) int {
	seen := map[byte]bool{}
	for _, b := range key {
		seen[b] = true
	}
	return len(seen)
}

func evenSteps(key []byte) bool {
	for i := 2; i < len(key); i++ {
		if key[i]-key[i-1] != key[1]-key[0] {
			return false
		}
	}
	return true
}

func typed(key []byte) bool {
	for _, b := range key {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

func wellKnown(key []byte) bool {
	for _, word := range usual {
		for _, text := range []string{word, word + "\n"} {
			if sum := sha256.Sum256([]byte(text)); bytes.Equal(key, sum[:]) {
				return true
			}
		}
	}
	return false
}
