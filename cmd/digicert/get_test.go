// Tests of the get command.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	args := []string{"get", "/account/subaccount/order", "limit=1", "filters[status]=issued"}
	indented, line := s.ok(t, args...), s.ok(t, append(args, "-o", "jsonl")...)
	require.Equal(t, indented, s.ok(t, append(args, "-o", "json")...))
	require.Equal(t, 1, strings.Count(line, "\n"))
	require.JSONEq(t, line, indented)
	require.Greater(t, strings.Count(indented, "\n"), 10)
	require.Contains(t, line, `"page":{"total":1,"limit":1,"offset":0}`)
	s.requireRequest(t, "?filters%5Bstatus%5D=issued&limit=1\n")
	r := s.run(t, "get", "/account/subaccount/order", "limit=1", "limit=2")
	s.requireRequest(t, "?limit=1&limit=2\n") // a repeated key is sent twice
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, s.ok(t, "get", "account/subaccount/order", "-o", "jsonl"), "2019-05-07T09:33:08+00:00", "times are printed as received")
}
