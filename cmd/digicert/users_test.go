// Tests of the users commands.

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsersMe(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	me, err := s.client(t).Users.Me(t.Context())
	require.NoError(t, err)
	requireOne(t, s, *me, "users", "me")
	r := execute(t, cleanEnv(keyVariable+"=another-key"), "--base-url", s.url, "users", "me")
	require.Equal(t, exitAccess, r.code)
	requireOneLine(t, r.stderr)
}
