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
	add   func(key string)
	forms func() []string // all forms of the keys; not to be changed
}

// newKeyring returns a keyring for so many keys.
func newKeyring(limit int) keyring {
	var mu sync.Mutex
	var keys, all []string
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
			all = nil
			for _, key := range keys {
				all = append(all, forms(key, minSecret)...)
			}
		},
		forms: func() []string {
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
	if r.ring.forms == nil || len(text) < minSecret {
		return text
	}
	for _, form := range r.ring.forms() {
		text = redactPieces(text, form)
	}
	return text
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

// redactPieces replaces secret in text, and every piece of it of at least minSecret bytes: what quotes a secret may cut
// it anywhere.
func redactPieces(text, secret string) string {
	var b strings.Builder
	done := 0 // text before it is in b
	for i := 0; i+minSecret <= len(text); {
		if !strings.Contains(secret, text[i:i+minSecret]) {
			i++
			continue
		}
		end := i + minSecret
		for end < len(text) && strings.Contains(secret, text[end-minSecret+1:end+1]) {
			end++
		}
		b.WriteString(text[done:i])
		b.WriteString("[key]")
		done, i = end, end
	}
	if done == 0 {
		return text
	}
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
