// Redaction of API keys and queries in errors and log lines.

package digicert

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// minSecret is the minimum length of a redacted piece of a key, in bytes. Shorter pieces, and shorter keys, would match
// ordinary words. The service's own keys are much longer.
const minSecret = 8

// keyring holds the keys that a client used last, to redact them. Its fields are functions, because fmt prints
// unexported strings of nested structs without calling their methods.
type keyring struct {
	add    func(key string)
	pieces func() pieces // of all forms of the keys; read-only
}

// pieces is a set of substrings of minSecret bytes.
type pieces map[[minSecret]byte]struct{}

// newKeyring returns a keyring for up to limit keys.
func newKeyring(limit int) keyring {
	var mu sync.Mutex
	var keys []string
	var all pieces
	return keyring{
		add: func(key string) {
			mu.Lock()
			defer mu.Unlock()
			if slices.Contains(keys, key) {
				return
			}
			if len(keys) == limit {
				keys = slices.Delete(keys, 0, 1)
			}
			keys = append(keys, key)
			all = make(pieces)
			for _, key := range keys {
				for _, form := range forms(key, minSecret) {
					for i := range len(form) - minSecret + 1 {
						all[[minSecret]byte([]byte(form[i:i+minSecret]))] = struct{}{}
					}
				}
			}
		},
		pieces: func() pieces {
			mu.Lock()
			defer mu.Unlock()
			return all
		},
	}
}

// redactor redacts the API keys of a call, and the queries of all its requests, including redirects.
type redactor struct {
	ring    keyring
	queries []string // raw
}

// addQuery adds a query to redact.
func (r *redactor) addQuery(raw string) {
	if raw != "" && !slices.Contains(r.queries, raw) {
		r.queries = append(r.queries, raw)
	}
}

// redact returns text without keys and queries. Redact a text before shortening it: a truncated key is
// harder to find.
func (r *redactor) redact(text string) string {
	return r.redactKeys(r.redactQueries(text))
}

func (r *redactor) redactQueries(text string) string {
	for _, raw := range r.queries {
		for _, form := range forms(raw, minSecret) {
			text = strings.ReplaceAll(text, form, "…")
		}
		text = strings.ReplaceAll(text, raw, "…")
		pairs, _ := url.ParseQuery(raw)
		for _, values := range pairs {
			for _, v := range values {
				for _, form := range forms(v, minSecret) {
					text = strings.ReplaceAll(text, form, "…")
				}
			}
		}
	}
	return text
}

func (r *redactor) redactKeys(text string) string {
	if r.ring.pieces == nil || len(text) < minSecret {
		return text
	}
	return r.ring.pieces().redact(text)
}

// forms returns the spellings of secret: unchanged, and escaped for a URL, a string literal, JSON, HTML or a JSON pointer. Forms
// shorter than shortest bytes are omitted.
func forms(secret string, shortest int) []string {
	all := []string{
		secret,
		url.QueryEscape(secret),
		url.PathEscape(secret),
		(&url.URL{Path: secret}).EscapedPath(),
		html.EscapeString(secret),
		strings.NewReplacer("~", "~0", "/", "~1").Replace(secret),
		quoted(quoted(secret)), // %#v of a value with JSON
	}
	inJSON := []string{secret, quoted(secret)}
	if text, err := json.Marshal(secret); err == nil {
		inJSON = append(inJSON, string(text[1:len(text)-1]))
	}
	for _, text := range inJSON {
		all = append(all, text, strings.ReplaceAll(text, "/", `\/`)) // as PHP writes it
	}
	if unescaped, err := url.QueryUnescape(secret); err == nil {
		all = append(all, unescaped)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < shortest })
}

func quoted(s string) string {
	text := strconv.Quote(s)
	return text[1 : len(text)-1]
}

// redact replaces every piece in text; pieces that overlap or touch are replaced as one. A quoted secret may be cut anywhere.
func (p pieces) redact(text string) string {
	var b strings.Builder
	done := 0           // text[:done] is in b
	from, end := -1, -1 // bounds of the last match
	flush := func() {
		if from >= 0 {
			b.WriteString(text[done:from])
			b.WriteString("[key]")
			done = end
		}
	}
	var window [minSecret]byte
	for i := range len(text) - minSecret + 1 {
		copy(window[:], text[i:])
		if _, ok := p[window]; !ok {
			continue
		}
		if i > end {
			flush()
			from = i
		}
		end = i + minSecret
	}
	if from < 0 {
		return text
	}
	flush()
	b.WriteString(text[done:])
	return b.String()
}

// oneLine makes external text safe for a message: one line, printable, at most limit runes.
func oneLine(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// redactError returns err, or, if its text contains a key, an error with the redacted text that matches the same errors.
func (r *redactor) redactError(err error) error {
	text := err.Error()
	shown := r.redactKeys(text)
	if shown == text {
		return err
	}
	return &redactedError{text: shown, inner: func() error { return err }}
}

// redactedError wraps an error whose text contains a key.
type redactedError struct {
	text  string
	inner func() error // a function, because fmt prints the fields of nested errors
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.inner(), target) }
func (e *redactedError) As(target any) bool   { return errors.As(e.inner(), target) }
