package digicert

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckDNSName(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, name := range []string{
		"example.com", "EXAMPLE.com", "a", "*.example.com", "xn--bcher-kva.example", "1.example", "a-b.c--d.example", label + ".example",
		strings.Join([]string{label, label, label, strings.Repeat("b", 61)}, "."),
	} {
		require.NoError(t, checkDNSName("dns_names", name), name)
	}
	for name, reason := range map[string]string{
		"":                        "must not be empty",
		"a..b":                    "a label is empty",
		"example.com.":            "a label is empty",
		"*.":                      "a label is empty",
		"*":                       "wildcard",
		"a.*.example":             "wildcard",
		"w*.example":              "wildcard",
		"*.*.example":             "wildcard",
		"-a.example":              "hyphen",
		"a-.example":              "hyphen",
		"a_b.example":             "characters other than",
		"a b.example":             "characters other than",
		"https://example.com":     "characters other than",
		"example.com:443":         "characters other than",
		"me@example.com":          "characters other than",
		"bücher.example":          "A-labels",
		"10.0.0.1":                "number",
		"example.42":              "number",
		label + "a.example":       "longer than 63",
		strings.Repeat("a.", 127): "longer than 253",
		"a\x00b.example":          "characters other than",
	} {
		err := checkDNSName("dns_names", name)
		require.Error(t, err, name)
		require.Contains(t, err.Error(), "dns_names")
		require.Contains(t, err.Error(), reason, name)
	}
}

func TestNormalNames(t *testing.T) {
	t.Parallel()
	for _, same := range [][2][]string{
		{{"a.example"}, {"A.Example."}},
		{{"a.example", "b.example"}, {"b.example", "a.example"}},
		{{"a.example", "a.example"}, {"a.example"}},
		{{"a.example", "", " "}, {"a.example"}},
	} {
		require.Equal(t, normalNames(same[0][0], same[0][1:]), normalNames(same[1][0], same[1][1:]), same)
	}
	require.NotEqual(t, normalNames("a.example", nil), normalNames("a.example", []string{"b.example"}))
	require.Empty(t, normalNames("", nil))
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "two\nlines\tand a tab\r\n", "Zoë 株式会社", strings.Repeat("x", maxText)} {
		require.NoError(t, checkText("comments", text))
	}
	for _, text := range []string{strings.Repeat("x", maxText+1), "a\x00", "a\x1b[31m", "\xff", "\u0085"} {
		require.ErrorContains(t, checkText("comments", text), "comments")
	}
}

func TestCheckProduct(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"ssl_plus", "ssl", "x9_pki", "private_ssl_flex", "SSL-1"} {
		require.NoError(t, checkProduct(id), id)
	}
	for _, id := range []string{"", "123", "..", ".", "a/b", "a b", "a?b", "a%2fb", "ssl.plus", "a\n", strings.Repeat("a", 101)} {
		require.Error(t, checkProduct(id), id)
	}
	for id, want := range map[string]bool{"ssl_plus": true, "private_ssl_plus": true, "wildcard_dv_geotrust": true, "cloud_dv_geotrust": true, "client_premium": false, "code_signing": false} {
		require.Equal(t, want, isTLS(id), id)
	}
}
