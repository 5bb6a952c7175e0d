package upstream

import (
	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// withSecrets has ask send a request as the client and, if the provider refuses the
// present secret and there is a next one, once more with that. The second request leaves
// only after the first was answered in full, and under the same deadlines. Any other
// answer, and the lack of one, stands.
func withSecrets(p *catalog.Provider, client authmethods.Client, ask func(authmethods.Client) (tokens.Answer, error)) (tokens.Answer, error) {
	answer, err := ask(client)
	if err != nil || client.Next.IsZero() || p.ClientAuth == catalog.ClientAuthNone || !tokens.RefusesClient(p, answer) {
		return answer, err
	}
	client.Secret = client.Next
	answer, err = ask(client)
	answer.WithNext = err == nil
	return answer, err
}
