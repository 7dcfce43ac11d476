// Tests of how output looks.

package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
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
		"subaccounts orders --columns=":                                   "--columns is empty",
		"subaccounts orders --color sometimes":                            `--color "sometimes" is invalid`,
		"subaccounts orders --template {{.id":                             "--template:",
		"subaccounts orders --template x -o csv":                          "--template excludes --output and --columns",
		"get /user/me --columns id":                                       "--columns does not apply",
		"subaccounts orders --template {{.id.foo}}":                       `--template: there is no field "id.foo"; there are id, certificate.id,`,
		"subaccounts orders --template {{.comon}}":                        `--template: there is no field "comon"`,
		"subaccounts orders --template {{with.certificate}}{{.x}}{{end}}": "--template:",
	} {
		r := s.run(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, r.code, r.stderr)
		requireOneLine(t, r.stderr, want)
	}
}

// TestUnknownColumns checks that every command that reads refuses a column and a field of a template that its rows do not have, before it
// sends anything.
func TestUnknownColumns(t *testing.T) {
	t.Parallel()
	url := unusedServer(t)
	local := []string{"config list", "config path", "config set", "config unset", "man", "completion", "help", "sandbox", "inventory sql", "inventory serve"} // these send nothing
	arguments := map[string]string{
		"ORDER_ID": "1", "CERTIFICATE_ID": "1", "REQUEST_ID": "1", "ORGANIZATION_ID": "1", "DOMAIN_ID": "1", "PRODUCT": "ssl_plus", "WITHIN": "30d", "ALTERNATIVE_ID": "x", "NAME|SERIAL_NUMBER": "x", "PATH [KEY=VALUE…]": "/user/me",
		"status-changes list": "--last 1m", "status-changes watch": "--interval 1m",
	}
	reads := 0
	var walk func(c *cli.Command, path []string)
	walk = func(c *cli.Command, path []string) {
		for _, sub := range c.Commands {
			walk(sub, append(slices.Clone(path), sub.Name))
		}
		command := strings.Join(path, " ")
		if len(c.Commands) > 0 || flagOf([]*cli.Command{c}, "--yes") != nil || slices.Contains(local, command) {
			return
		}
		reads++
		args := append(append([]string{"--base-url", url}, path...), strings.Fields(arguments[command]+" "+arguments[c.ArgsUsage])...)
		for flag, value := range map[string]string{"--columns": "nosuch", "--template": "{{.nosuch}}"} {
			r := execute(t, cleanEnv(keyVariable+"="+key), append(slices.Clone(args), flag, value)...)
			require.Equal(t, exitUsage, r.code, "%s: %s", command, r.stderr)
			requireOneLine(t, r.stderr)
			require.Regexp(t, `there is no (column|field) "nosuch"; there are .|does not apply|do not apply`, r.stderr, command)
		}
	}
	walk((&app{out: &output{file: os.Stdout}, err: os.Stderr}).root(), nil)
	require.Greater(t, reads, 15)
	requireOneLine(t, execute(t, cleanEnv(keyVariable+"="+key), "--base-url", url, "certificates", "download", "1", "--columns", "id").stderr, "does not print rows")
}
