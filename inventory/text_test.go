package inventory

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWildcard(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"www.example.com": "*.example.com", "a.b.example.com": "*.b.example.com", "example.com": "", "com": "", "": "", "*.example.com": "", ".": "",
	} {
		got, ok := wildcard(name)
		require.Equal(t, want != "", ok, name)
		if ok {
			require.Equal(t, want, got)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	require.Equal(t, "www.example.com", dnsName(" WWW.Example.com. "))
	require.Equal(t, "0A1B2C", serialNumber("0a:1b 2c"))
	require.Len(t, serialNumber(strings.Repeat("界", 100)), 99)
	require.Equal(t, "a\uFFFDb\uFFFD", clean("a\x00b\xff"))
	require.Equal(t, "SELECT $1, $2", postgresDialect.query("SELECT ?, ?"))
	require.Equal(t, "SELECT ?, ?", sqliteDialect.query("SELECT ?, ?"))
}

func FuzzArray(f *testing.F) {
	f.Add("www.example.com", `a"b\c`)
	f.Add("\x00\xff", "")
	f.Add("<&>", "\u2028")
	f.Fuzz(func(t *testing.T, a, b string) {
		text := array([]string{a, b})
		require.True(t, utf8.ValidString(text))
		var got []string
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.Equal(t, []string{clean(a), clean(b)}, got)
	})
}
