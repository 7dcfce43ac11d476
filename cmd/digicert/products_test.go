// Tests of the products commands.

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	client := s.client(t)
	all, err := client.Products.List(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, all)
	requireFormats(t, s, all, "products", "list")
	require.Equal(t, s.ok(t, "products", "list"), s.ok(t, "products", "ls"))
	product, err := client.Products.Get(t.Context(), "ssl_plus")
	require.NoError(t, err)
	requireOne(t, s, *product, "products", "get", "ssl_plus")
	r := s.run(t, "products", "get", "ssl_pls")
	require.Equal(t, exitNotFound, r.code)
	requireOneLine(t, r.stderr, "not_found|product")
}
