// Tests of how output looks.

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/go-digicert/digicert"
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

func TestTemplate(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	require.Equal(t, "123456 pending <> 198\n123457 issued <example.com> 358\n", s.ok(t, "subaccounts", "orders", "--limit", "2",
		"--template", "{{.id}} {{.status}} <{{.certificate.common_name}}> {{.order_price.cost}}"))
	require.Equal(t, "sub1.example.com;sub2.example.com;sub3.example.com;sub4.example.com;\n", s.ok(t, "subaccounts", "order", "123457", "--template", "{{range .certificate.dns_names}}{{.}};{{end}}"))
}

func TestFieldsIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                     nil,
		"{{.a}} x {{.b.c}}":                    {"a", "b.c"},
		"{{.a | printf `%s` .b}}":              {"b", "a"},
		"{{if .a}}{{.b}}{{else}}{{.c}}{{end}}": {"a", "b", "c"},
		"{{range .a}}{{.x}}{{$.b}}{{else}}{{.c}}{{end}}{{.d}}":         {"a", "b", "c", "d"},
		"{{with .a}}{{.x}}{{else with .b}}{{.y}}{{else}}{{.c}}{{end}}": {"a", "b", "c"},
		"{{$x := .a}}{{$x}}{{$x.y}}":                                   {"a"},
		"{{(index .a 0).x}}":                                           {"a"},
		"{{define `t`}}{{.x}}{{end}}{{template `t` .a}}":               {"a"},
		"{{/* nothing */}}{{len .a}}":                                  {"a"},
	} {
		parsed, err := template.New("row").Parse(text)
		require.NoError(t, err)
		var got []string
		for _, path := range fieldsIn(parsed.Root, true) {
			got = append(got, strings.Join(path, "."))
		}
		require.ElementsMatch(t, want, got, text)
	}
}

// TestYAML checks that YAML has what JSON has, and that texts stay texts.
func TestYAML(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for _, args := range []string{"subaccounts orders", "reissues list 123457", "reissues list 123456", "status-changes list --last 10m"} {
		var want, got any
		require.NoError(t, json.Unmarshal([]byte(s.ok(t, append(strings.Fields(args), "-o", "json")...)), &want))
		require.NoError(t, yaml.Unmarshal([]byte(s.ok(t, append(strings.Fields(args), "-o", "yaml")...)), &got))
		require.JSONEq(t, jsonOf(t, want), jsonOf(t, got), args)
	}
	text, err := yamlOf(map[string]any{"a": "123", "b": "true", "c": "", "d": []string{}, "e": "x: y\n#", "f": 1.5, "g": "\x1b[31m", "h": nil, "i": nasty, "j": "line\n" + nasty, "k": "\U0001f600", "l": json.RawMessage(`"\ud83d\ude00\/"`)})
	require.NoError(t, err)
	var back map[string]any
	require.NoError(t, yaml.Unmarshal(text, &back))
	require.Equal(t, map[string]any{"a": "123", "b": "true", "c": "", "d": []any{}, "e": "x: y\n#", "f": 1.5, "g": "\x1b[31m", "h": nil, "i": nasty, "j": "line\n" + nasty, "k": "\U0001f600", "l": "\U0001f600/"}, back)
	requireEscaped(t, string(text))
}

func TestCellColor(t *testing.T) {
	t.Parallel()
	today := digicert.Date{Year: 2026, Month: 12, Day: 1}
	for _, test := range []struct{ column, text, want string }{
		{"status", "issued", green}, {"certificate.status", "revoked", red}, {"status", "reissue_pending", yellow}, {"status", "brand_new", ""},
		{"common_name", "issued", ""}, {"days_left", "7", red}, {"days_left", "8", yellow}, {"days_left", "30", yellow}, {"days_left", "31", ""}, {"days_left", "", ""},
		{"certificate.valid_till", "2026-11-30", red}, {"valid_till", "2026-12-08", red}, {"valid_till", "2026-12-31", yellow}, {"valid_till", "2027-01-01", ""},
		{"order_valid_till", "2026-12-01", ""}, {"valid_till", "", ""},
	} {
		require.Equal(t, test.want, cellColor(test.column, test.text, today), test)
	}
}

func TestCutTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"example", 7, "example"}, {"example", 6, "examp…"}, {"example", 1, "…"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"", 3, ""}, {"cafe\u0301s", 5, "cafe\u0301s"}, {"cafe\u0301s", 4, "caf…"},
	} {
		got := cutTo(test.text, test.most)
		require.Equal(t, test.want, got)
		require.LessOrEqual(t, cellWidth(got), test.most)
	}
}
