// Tests of the organizations commands.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestOrganizationsList(t *testing.T) {
	t.Parallel()
	server, s := accountServer(t)
	client := s.client(t)
	all := collect(t, client.Organizations.All(t.Context(), nil))
	require.Len(t, all, 3)
	requireFormats(t, s, all, "organizations", "list")
	require.Equal(t, s.ok(t, "organizations", "list"), s.ok(t, "organizations", "ls"))
	validated := collect(t, client.Organizations.All(t.Context(), &digicert.ListOrganizationsParams{IncludeValidation: true}))
	require.Len(t, validated[0].Validations, 2)
	requireFormats(t, s, validated, "organizations", "list", "--validations")
	for args, params := range map[string]digicert.ListOrganizationsParams{
		"--status inactive": {Filters: digicert.OrganizationFilters{Status: digicert.OrganizationInactive}},
		"--search example":  {Filters: digicert.OrganizationFilters{Search: "example"}},
		"--container 77":    {ContainerID: 77},
		"--sort name,-id":   {Sort: []string{"name", "-id"}},
	} {
		requireSameQuery(t, server, s, "/organization", client.Organizations.All(t.Context(), &params), append([]string{"organizations", "list"}, strings.Fields(args)...))
	}
	require.Equal(t, "8\n9\n117483\n", s.ok(t, "organizations", "list", "--container", "77,5", "--template", "{{.id}}"))
	require.Equal(t, "8\n", s.ok(t, "organizations", "list", "--limit", "1", "--template", "{{.id}}"))
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	_, s := accountServer(t)
	client := s.client(t)
	org, err := client.Organizations.Get(t.Context(), 8)
	require.NoError(t, err)
	requireOne(t, s, *org, "organizations", "get", "8")
	validations, err := client.Organizations.Validations(t.Context(), 117483)
	require.NoError(t, err)
	require.Len(t, validations, 2)
	requireFormats(t, s, validations, "organizations", "validation", "117483")
	for _, command := range []string{"get", "validation"} {
		r := s.run(t, "organizations", command, "99")
		require.Equal(t, exitNotFound, r.code)
		requireOneLine(t, r.stderr, "not_found|organization")
	}
}
