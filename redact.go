// Redaction: no error and no log line shows the key or a query.

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

// minSecret is the length in bytes from which a piece of a key is redacted. Shorter ones, and shorter keys, would be
// found in words that have nothing to do with the key. The service's own keys are much longer.
const minSecret = 8

// keyring remembers the keys that a client used last, to redact them. Its fields are functions, because fmt prints
// unexported strings of nested structs without asking their methods.
type keyring struct {
	add    func(key string)
	pieces func() pieces // of all forms of the keys; not to be changed
}

// pieces are all pieces of minSecret bytes of some texts.
type pieces map[[minSecret]byte]struct{}

// newKeyring returns a keyring for so many keys.
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

// redactor redacts texts that come from a call: its keys, and the queries of all its requests, redirected ones included.
type redactor struct {
	ring    keyring
	queries []string // raw
}

// addQuery notes a query that must not be shown.
func (r *redactor) addQuery(raw string) {
	if raw != "" && !slices.Contains(r.queries, raw) {
		r.queries = append(r.queries, raw)
	}
}

// redact returns text without keys and queries. Redact first and shorten afterwards: a key that is cut
// is harder to find.
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

// forms returns the ways in which secret may be written: as it is, and escaped for a URL, a string literal, JSON, HTML or a
// JSON pointer. Forms of fewer than shortest bytes are left out.
func forms(secret string, shortest int) []string {
	all := []string{
		secret,
		url.QueryEscape(secret),
		url.PathEscape(secret),
		(&url.URL{Path: secret}).EscapedPath(),
		html.EscapeString(secret),
		strings.NewReplacer("~", "~0", "/", "~1").Replace(secret),
		quoted(quoted(secret)), // %#v of what holds JSON
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

// redact replaces every piece in text, and pieces that overlap or touch as one: what quotes a secret may cut it anywhere.
func (p pieces) redact(text string) string {
	var b strings.Builder
	done := 0           // text before it is in b
	from, end := -1, -1 // of the pieces that were found last
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

// oneLine makes text from outside fit for a message: one line, printable, at most limit runes.
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

// redactError returns err, or where its text shows a key an error with the redacted text that matches the same errors.
func (r *redactor) redactError(err error) error {
	text := err.Error()
	shown := r.redactKeys(text)
	if shown == text {
		return err
	}
	return &redactedError{text: shown, inner: func() error { return err }}
}

// redactedError stands in for an error whose text shows a key.
type redactedError struct {
	text  string
	inner func() error // a function, because fmt prints the fields of nested errors
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.inner(), target) }
func (e *redactedError) As(target any) bool   { return errors.As(e.inner(), target) }
