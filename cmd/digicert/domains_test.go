// Tests of the domains commands.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestDomainsList(t *testing.T) {
	t.Parallel()
	server, s := accountServer(t)
	client := s.client(t)
	all := collect(t, client.Domains.All(t.Context(), nil))
	require.Len(t, all, 3)
	requireFormats(t, s, all, "domains", "list")
	require.Equal(t, s.ok(t, "domains", "list"), s.ok(t, "domains", "ls"))
	whole := collect(t, client.Domains.All(t.Context(), &digicert.ListDomainsParams{IncludeDCV: true, IncludeValidation: true}))
	require.NotEmpty(t, whole[0].DCVToken.Value)
	requireFormats(t, s, whole, "domains", "list", "--dcv", "--validations")
	for args, params := range map[string]digicert.ListDomainsParams{
		"--status inactive":          {Filters: digicert.DomainFilters{Status: "inactive"}},
		"--dcv-method dns-txt-token": {Filters: digicert.DomainFilters{DCVMethod: digicert.DCVDNSTXT}},
		"--search %valid":            {Filters: digicert.DomainFilters{Search: "%valid"}},
		"--container 77":             {ContainerID: 77},
		"--dcv":                      {IncludeDCV: true},
		"--validations":              {IncludeValidation: true},
		"--sort name,-id":            {Sort: []string{"name", "-id"}},
	} {
		requireSameQuery(t, server, s, "/domain", client.Domains.All(t.Context(), &params), append([]string{"domains", "list"}, strings.Fields(args)...))
	}
	require.Equal(t, "9\n8\n4000001\n", s.ok(t, "domains", "list", "--container", "77,5", "--template", "{{.id}}"))
	require.Equal(t, "8\n", s.ok(t, "domains", "list", "--limit", "1", "--template", "{{.id}}"))
}

func TestDomain(t *testing.T) {
	t.Parallel()
	_, s := accountServer(t)
	client := s.client(t)
	for args, params := range map[string]*digicert.GetDomainParams{
		"":                    nil,
		"--dcv":               {IncludeDCV: true},
		"--validations":       {IncludeValidation: true},
		"--dcv --validations": {IncludeDCV: true, IncludeValidation: true},
	} {
		want, err := client.Domains.Get(t.Context(), 8, params)
		require.NoError(t, err)
		require.JSONEq(t, jsonOf(t, want), s.ok(t, append([]string{"domains", "get", "8"}, strings.Fields(args)...)...), args)
	}
	want, err := client.Domains.Get(t.Context(), 8, &digicert.GetDomainParams{IncludeDCV: true})
	require.NoError(t, err)
	requireOne(t, s, *want, "domains", "get", "8", "--dcv")
	r := s.run(t, "domains", "get", "99")
	require.Equal(t, exitNotFound, r.code)
	requireOneLine(t, r.stderr, "not_found|domain")
}
