// Package dispatch decides when token requests may leave: each tenant in its turn,
// within the budgets of clients and hosts that all processes share, and not towards
// a provider that does not answer. It is a [tokens.Gate].
package dispatch
