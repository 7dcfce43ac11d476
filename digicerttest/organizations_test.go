package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

func TestOrganizations(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddContainer(77, "Web"))
	require.NoError(t, s.AddOrganization(digicerttest.Organization{ID: 9, Name: "Nine", Inactive: true, ContainerID: 77, City: "Here"}))
	require.NoError(t, s.AddOrganization(digicerttest.Organization{Name: "Next", DisplayName: "Next one", Pending: true}))
	list := rows(t, get(t, s, "/organization"), "organizations")
	require.Equal(t, decoded(t, `{"id":9,"name":"Nine","display_name":"Nine","status":"inactive","is_active":false,"city":"Here","container":{"id":77,"name":"Web"}}`), list[0])
	require.Equal(t, decoded(t, `{"id":117483,"name":"Example Organization","assumed_name":"Example Organization","display_name":"Example Organization",
		"status":"active","is_active":true,"address":"1 Main Street","zip":"62701","city":"Springfield","state":"Illinois","country":"us","telephone":"555-0100",
		"container":{"id":5,"name":"Example Account"}}`), list[1])
	for query, want := range map[string][]string{
		"?container_id=77": {"9"}, "?filters[status]=active": {"117483", "117484"}, "?filters[search]=9": {"9"}, "?filters[search]=%25nEx": {"117484"}, "?filters[search]=nin": {"9"}, "/?limit=1&offset=1": {"117483"}, "?include_validation=true&limit=1&offset=2": {"117484"},
	} {
		require.Equal(t, want, column(t, get(t, s, "/organization"+query), "organizations", "id"), query)
	}
	const valid = `{"validations":[{"type":"ov","status":"active","validated_until":"2025-06-15T12:00:00+00:00"},{"type":"ev","status":"active","validated_until":"2025-06-15T12:00:00+00:00"}]}`
	require.JSONEq(t, valid, get(t, s, "/organization/9/validation").body)
	require.Equal(t, decoded(t, valid)["validations"], decoded(t, get(t, s, "/organization/9?include_validation=true").body)["validations"])
	require.JSONEq(t, `{"validations":[{"type":"ov","status":"pending"},{"type":"ev","status":"pending"}]}`, get(t, s, "/organization/117484/validation").body)
	require.NoError(t, s.ValidateOrganization(117484))
	require.Contains(t, get(t, s, "/organization/117484/validation").body, "active")
	requireError(t, get(t, s, "/organization/10"), 404, "not_found|organization")
	requireError(t, get(t, s, "/organization/10/validation"), 404, "not_found|organization")
	requireError(t, get(t, s, "/organization?x=1"), 400, "invalid_parameter|x")
	for text, org := range map[string]digicerttest.Organization{
		"AddOrganization: organization id -1 is outside 1 to 2^62": {ID: -1, Name: "x"},
		"AddOrganization 9: the organization already exists":       {ID: 9, Name: "x"},
		"AddOrganization 10: the name is empty":                    {ID: 10},
	} {
		require.EqualError(t, s.AddOrganization(org), "digicerttest: "+text)
	}

	id, _ := place(t, s, "ssl_plus", "organization.id", 9)
	require.Equal(t, "Nine", info(t, s, id)["organization"].(m)["name"])
	require.Len(t, rows(t, get(t, s, ownPath+query("filters[organization_id]", "9")), "orders"), 1)
}
