// Tests of escapes.

package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/visible"
)

// nasty has a character of each kind that a terminal obeys: an escape sequence, C0, DEL, C1, directions, separators, a tag.
const nasty = "a\x1b[31mb\a\x00\x7f\u0085\u009b2J\u202ec\u2066\u2069\u200e\u200f\u061c\u2028\u2029\ufeff\u00ad\U000e0041\rd"

// requireEscaped checks that a terminal that is sent text only shows it.
func requireEscaped(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text), "%q", text)
	for _, r := range strings.ReplaceAll(text, "\r\n", "\n") {
		require.False(t, r != '\n' && r != '\t' && visible.Obeyed(r), "%U in %q", r, text)
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "",
		"plain text\n\tand more":               "plain text\n\tand more",
		"-----BEGIN\r\nMII\r\n":                "-----BEGIN\r\nMII\r\n",
		"b\u00fccher \u65e5\u672c \U0001f600":  "b\u00fccher \u65e5\u672c \U0001f600",
		"\U0001f469\u200d\U0001f4bb \u200cx":   "\U0001f469\u200d\U0001f4bb \u200cx",
		"\ufffd":                               "\ufffd",
		"\x1b[2J\x1b]0;title\a":                `\u001b[2J\u001b]0;title\u0007`,
		"good\rbad":                            `good\u000dbad`,
		"\r\r\n\r":                             `\u000d` + "\r\n" + `\u000d`,
		"\x00\x7f\u0080\u009b\u009f\u00a0":     `\u0000\u007f\u0080\u009b\u009f` + "\u00a0",
		"\u202a\u202e\u2066\u2069\u200e\u061c": `\u202a\u202e\u2066\u2069\u200e\u061c`,
		"\u2028\u2029\ufeff":                   `\u2028\u2029\ufeff`,
		"x\U000e0041y":                         `x\udb40\udc41y`,
		"a\x9bb\xc3\xffc\xe2\x80":              "a\ufffdb\ufffd\ufffdc\ufffd\ufffd",
	} {
		require.Equal(t, want, string(escape([]byte(text))), "%q", text)
		requireEscaped(t, string(escape([]byte(text))))
	}
}

// TestEscapeJSON checks that JSON means the same when it is escaped.
func TestEscapeJSON(t *testing.T) {
	t.Parallel()
	for _, document := range []string{jsonOf(t, nasty), `{"` + "\u202e\x7f" + `":["\\` + "\x7f\U000e0041" + `"]}`} {
		shown := escape([]byte(document))
		requireEscaped(t, string(shown))
		require.NotEqual(t, document, string(shown))
		require.JSONEq(t, document, string(shown))
	}
	var b strings.Builder
	require.NoError(t, marshal(&b, named{Name: nasty}))
	requireEscaped(t, b.String())
	var back named
	require.NoError(t, json.Unmarshal([]byte(b.String()), &back))
	require.Equal(t, nasty, back.Name)
}

func TestMessageIsEscaped(t *testing.T) {
	t.Parallel()
	text := message(errors.New("digicert: first\nsecond " + nasty))
	require.True(t, strings.HasPrefix(text, `digicert: first second a\u001b[31mb`), text)
	requireEscaped(t, text)
	require.NotContains(t, text, "\n")
}
