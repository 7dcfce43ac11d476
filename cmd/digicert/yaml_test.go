// Tests of the YAML format.

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

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
