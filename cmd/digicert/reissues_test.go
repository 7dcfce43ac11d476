// Tests of the reissues commands.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestReissuesList(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	client := s.client(t)
	for _, test := range []struct {
		args   []string
		params *digicert.ListReissuesParams
		query  string
	}{
		{nil, nil, "/reissue\n"},
		{[]string{"--archived"}, &digicert.ListReissuesParams{ShowArchived: true}, "/reissue?show_archived=true\n"},
	} {
		want, err := client.Reissues.List(t.Context(), 123457, test.params)
		require.NoError(t, err)
		require.Len(t, want, 3)
		requireFormats(t, s, want, append([]string{"reissues", "list", "123457"}, test.args...)...)
		s.requireRequest(t, test.query)
	}
	require.Empty(t, s.ok(t, "reissues", "list", "123456"), "an order without reissues")
	require.Equal(t, "[]\n", s.ok(t, "reissues", "list", "123456", "-o", "json"))
	header, _, _ := strings.Cut(s.ok(t, "reissues", "list", "123457", "-o", "csv"), "\n")
	require.Equal(t, header+"\n", s.ok(t, "reissues", "list", "123456", "-o", "csv"))
}
