// Tests of the account command.

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	account, err := s.client(t).Account.Get(t.Context())
	require.NoError(t, err)
	requireOne(t, s, *account, "account")
}
