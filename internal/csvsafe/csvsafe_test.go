// Tests of the escaping of formulas.

package csvsafe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/csvsafe"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                    "",
		"example.com":         "example.com",
		"*.example.com":       "*.example.com",
		"a-b=c":               "a-b=c",
		"Smith & Sons - east": "Smith & Sons - east",
		"=1+2":                "'=1+2",
		"+1":                  "'+1",
		"-1":                  "'-1",
		"@SUM(A1)":            "'@SUM(A1)",
		"  =1":                "'  =1",
		"\t=1":                "\t'=1",
		"a\r\n=1":             "a\r\n'=1",
		"a,=1":                "a,'=1",
		"a; =1":               "a;' =1",
		`a"=1`:                `a"'=1`,
		"＝1":                  "'＝1",
		"＋1":                  "'＋1",
		"－1":                  "'－1",
		"＠x":                  "'＠x",
	} {
		require.Equal(t, want, csvsafe.Text(text))
	}
}
