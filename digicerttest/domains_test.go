package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

func TestDomains(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddDomain(digicerttest.Domain{ID: 9, Name: "nine.example", Validated: true, Inactive: true, DCVMethod: "dns-txt-token"}))
	require.NoError(t, s.AddDomain(digicerttest.Domain{Name: "next.example", ContainerID: 77}))
	list := rows(t, get(t, s, "/domain"), "domains")
	require.Equal(t, decoded(t, `{"id":9,"name":"nine.example","is_active":false,"date_created":"2024-06-15T12:00:00+00:00",
		"organization":{"id":117483,"name":"Example Organization","display_name":"Example Organization"},
		"dcv_expiration":{"ov":"2025-06-15","ev":"2025-06-15"},"container":{"id":5,"name":"Example Account"}}`), list[0])
	require.NotContains(t, list[1], "dcv_expiration", "a domain that is not validated")
	require.Equal(t, "example.com", list[1]["name"])
	for query, want := range map[string][]string{
		"?container_id=77": {"4000002"}, "?filters[search]=%25example.c": {"4000001"}, "?filters[name]=nine.example": {"9"}, "?filters[status]=inactive": {"9"}, "?filters[dcv_method]=email": {"4000001", "4000002"},
		"?filters[status]=active&filters[search]=next": {"4000002"}, "?limit=1&offset=1": {"4000001"},
	} {
		require.Equal(t, want, column(t, get(t, s, "/domain"+query), "domains", "id"), query)
	}
	full := decoded(t, get(t, s, "/domain/9?include_dcv=true&include_validation=1").body)
	require.Equal(t, []any{m{"type": "ov", "status": "active"}, m{"type": "ev", "status": "active"}}, full["validations"])
	require.Equal(t, "dns-txt-token", full["dcv_method"])
	require.NotContains(t, full, "dcv_expiration", "it is in lists only")
	token := full["dcv_token"].(m)
	require.Len(t, token["token"], 32)
	require.Equal(t, "pending", token["status"])
	require.Equal(t, "2024-07-15T12:00:00+00:00", token["expiration_date"])
	require.NotContains(t, decoded(t, get(t, s, "/domain/4000001?include_dcv=true").body), "dcv_token", "by email")
	requireError(t, get(t, s, "/domain/8"), 404, "not_found|domain")
	for text, d := range map[string]digicerttest.Domain{
		"AddDomain: domain id -1 is outside 1 to 2^62": {ID: -1, Name: "a.example"},
		"AddDomain: the id 9 is in use":                {ID: 9, Name: "a.example"},
		`AddDomain: "a b" is not a DNS name`:           {ID: 10, Name: "a b"},
		"AddDomain: the organization 5 does not exist": {ID: 10, Name: "a.example", OrganizationID: 5},
	} {
		require.EqualError(t, s.AddDomain(d), "digicerttest: "+text)
	}
}
