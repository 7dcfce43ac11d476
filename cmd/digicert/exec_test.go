// Tests of the command of --exec.

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a":                     {"a"},
		"  a\tb\nc ":            {"a", "b", "c"},
		`'a b' "c d"`:           {"a b", "c d"},
		`a'b'"c"d`:              {"abcd"},
		`'' ""`:                 {"", ""},
		`a\ b \\ \'`:            {"a b", `\`, "'"},
		`'a\b' "a\"b"`:          {`a\b`, `a"b`},
		`$HOME *.pem ;rm > x |`: {"$HOME", "*.pem", ";rm", ">", "x", "|"},
	} {
		got, err := splitWords(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "  ", "'a", `"a`, `a\`} {
		_, err := splitWords(text)
		require.Error(t, err, "%q", text)
	}
}
