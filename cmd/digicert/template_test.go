// Tests of templates.

package main

import (
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
)

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
