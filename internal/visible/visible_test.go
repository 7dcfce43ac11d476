// Tests of the characters that are obeyed.

package visible_test

import (
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/visible"
)

func TestObeyed(t *testing.T) {
	t.Parallel()
	for _, r := range "\x00\t\n\r\x1b\x7f\u0085\u009b\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\U000e0041" {
		require.True(t, visible.Obeyed(r), "%U", r)
	}
	for _, r := range " a\u00a0\u00fc\u0301\u200c\u200d\u65e5\ufffd\U0001f600" {
		require.False(t, visible.Obeyed(r), "%U", r)
	}
}

// TestEscape checks every character: JSON reads its escape as the character.
func TestEscape(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune + 1 {
		if !utf8.ValidRune(r) {
			continue // a half of a pair
		}
		var back string
		require.NoError(t, json.Unmarshal([]byte(`"`+visible.Escape(r)+`"`), &back))
		require.Equal(t, string(r), back)
	}
}
