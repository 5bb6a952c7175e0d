package lend

import (
	"strconv"
	"time"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/tokens"
)

// The answers are written by hand: this is the path that every call of a service
// takes, and the one place where tokens are revealed.

// appendAnswer appends what is answered to who holds the token with the given id,
// or none.
func appendAnswer(b []byte, l *tokens.Loan, held authmethods.ID) []byte {
	if held != "" && held == l.TokenID {
		return appendUnchanged(b, l)
	}
	return appendLoan(b, l)
}

// appendUnchanged appends what may have changed of a token that the service holds
// already. It does not reveal the token.
func appendUnchanged(b []byte, l *tokens.Loan) []byte {
	b = appendField(b, `{"not_modified":true,"token_id":`, string(l.TokenID))
	b = appendExpiry(b, l)
	b = appendField(b, `,"state":`, string(l.State))
	b = appendField(b, `,"source":`, string(l.Source))
	return append(b, '}')
}

// appendExpiry appends until when the token is good, unless that is for ever.
func appendExpiry(b []byte, l *tokens.Loan) []byte {
	if l.ExpiresAt.IsZero() {
		return b
	}
	b = append(b, `,"expires_at":"`...)
	b = l.ExpiresAt.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","expires_in":`...)
	return strconv.AppendInt(b, max(0, int64(l.ExpiresIn/time.Second)), 10)
}

// appendLoan appends the loan as JSON.
func appendLoan(b []byte, l *tokens.Loan) []byte {
	b = appendField(b, `{"access_token":`, l.AccessToken.Reveal())
	b = appendField(b, `,"token_type":`, l.TokenType)
	b = appendExpiry(b, l)
	b = appendField(b, `,"token_id":`, string(l.TokenID))
	b = append(b, `,"scopes":[`...)
	for i, scope := range l.Scopes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, scope)
	}
	b = append(b, `],"headers":{`...)
	for i, h := range l.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, h.Name)
		b = append(b, ':')
		b = appendString(b, h.Value.Reveal())
	}
	b = appendField(b, `},"api_base_url":`, l.APIBaseURL)
	b = appendField(b, `,"tenant":`, l.Tenant)
	b = appendField(b, `,"method":`, l.Method)
	b = appendField(b, `,"environment":`, string(l.Environment))
	b = appendField(b, `,"connection":`, string(l.Connection))
	b = appendField(b, `,"state":`, string(l.State))
	b = appendField(b, `,"source":`, string(l.Source))
	return append(b, '}')
}

// appendRejection appends the verdict, what explains it, and the replacement if there is
// one.
func appendRejection(b []byte, outcome tokens.Outcome, l *tokens.Loan) []byte {
	b = appendField(b, `{"verdict":`, outcome.Verdict())
	if code := outcome.Code(); code != "" {
		d := authmethods.Diagnose(code)
		b = appendField(b, `,"code":`, string(d.Code))
		b = appendField(b, `,"diagnosis":`, d.Ref)
		b = appendField(b, `,"title":`, d.Title)
		b = appendField(b, `,"next_action":`, d.NextAction)
	}
	if l.TokenID != "" {
		b = appendLoan(append(b, `,"token":`...), l)
	}
	return append(b, "}\n"...)
}

func appendField(b []byte, before, value string) []byte {
	return appendString(append(b, before...), value)
}

const hex = "0123456789abcdef"

// plain are the bytes that stand for themselves in a JSON string.
var plain = func() (is [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// appendString appends s as a JSON string (RFC 8259 section 7). What is no UTF-8
// becomes the replacement character.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for {
		i := 0
		for i < len(s) && plain[s[i]] {
			i++
		}
		b = append(b, s[:i]...)
		if i == len(s) {
			return append(b, '"')
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < utf8.RuneSelf:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		default:
			b = append(b, s[i:i+size]...)
		}
		s = s[i+size:]
	}
}
