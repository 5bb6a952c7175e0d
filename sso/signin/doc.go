// Package signin signs people in with their account at a provider: it sends the
// browser there, understands what comes back, and judges who it is. Of what the
// provider gave it keeps who the person is, and no token.
package signin
