// Tests of how output looks.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestColumnsFlag checks that --columns chooses in every format, and keeps the shape of JSON.
func TestColumnsFlag(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	const columns = "status,certificate.common_name,certificate.dns_names,id"
	for format, want := range map[string]string{
		formatJSONL: `{"status":"pending","id":123456}
{"status":"issued","certificate":{"common_name":"example.com","dns_names":["sub1.example.com","sub2.example.com","sub3.example.com","sub4.example.com"]},"id":123457}
`,
		formatCSV:   "status,certificate.common_name,certificate.dns_names,id\npending,,,123456\nissued,example.com,sub1.example.com sub2.example.com sub3.example.com sub4.example.com,123457\n",
		formatTable: "status   common_name  dns_names                                                                id\npending                                                                                    123456\nissued   example.com  sub1.example.com sub2.example.com sub3.example.com sub4.example.com  123457\n",
		formatYAML: `- status: pending
  id: 123456
- status: issued
  certificate:
    common_name: example.com
    dns_names:
      - sub1.example.com
      - sub2.example.com
      - sub3.example.com
      - sub4.example.com
  id: 123457
`,
		formatJSON: `[
  {
    "status": "pending",
    "id": 123456
  },
  {
    "status": "issued",
    "certificate": {
      "common_name": "example.com",
      "dns_names": [
        "sub1.example.com",
        "sub2.example.com",
        "sub3.example.com",
        "sub4.example.com"
      ]
    },
    "id": 123457
  }
]
`,
	} {
		require.Equal(t, want, s.ok(t, "subaccounts", "orders", "--limit", "2", "-o", format, "--columns", columns), format)
	}
	require.Equal(t, "pending,123456\n", s.ok(t, "subaccounts", "orders", "--limit", "1", "-o", "csv", "--columns", "status, id", "--no-headers"))
	require.Equal(t, "pending  123456\n", s.ok(t, "subaccounts", "orders", "--limit", "1", "-o", "table", "--columns", "status,id", "--no-headers"))
	require.Equal(t, "example.com\n", s.ok(t, "subaccounts", "order", "123457", "-o", "csv", "--no-headers", "--columns", "common_name"), "the name of its header")
	require.Equal(t, "{\n  \"id\": 123457\n}\n", s.ok(t, "subaccounts", "order", "123457", "-o", "json", "--columns", "id"))
	require.Equal(t, "field   value\nstatus  issued\nid      123457\n", s.ok(t, "subaccounts", "order", "123457", "-o", "table", "--columns", "status,id"))
	for args, want := range map[string]string{
		"subaccounts orders --columns nosuch":                             `there is no column "nosuch"; there are id, certificate.id,`,
		"subaccounts orders --columns id,,status":                         "has an empty name",
		"subaccounts orders --columns=":                                   "has an empty name",
		"subaccounts orders --color sometimes":                            `--color "sometimes" is invalid`,
		"subaccounts orders --template {{.id":                             "--template:",
		"subaccounts orders --template x -o csv":                          "--template excludes --output and --columns",
		"get /user/me --columns id":                                       "does not support --columns",
		"subaccounts orders --template {{.id.foo}}":                       `--template: there is no field "id.foo"; there are id, certificate.id,`,
		"subaccounts orders --template {{.comon}}":                        `--template: there is no field "comon"`,
		"subaccounts orders --template {{with.certificate}}{{.x}}{{end}}": "--template:",
	} {
		r := s.run(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, r.code, r.stderr)
		requireOneLine(t, r.stderr, want)
	}
}
