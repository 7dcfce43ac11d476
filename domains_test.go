package digicert_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// domainBody has every field that is known of a domain.
const domainBody = `{"id": 1587137, "is_active": true, "status": "pending", "is_pending_validation": true, "name": "example.com",
	"date_created": "2026-04-26T15:32:47+00:00", "last_submitted_datetime": "2026-04-27T15:32:47+00:00",
	"dcv_approval_datetime": "2026-05-27T22:11:22+00:00", "dcv_expiration_datetime": "2027-05-27T22:11:22+00:00",
	"organization": {"id": 894410, "status": "active", "name": "Example, LLC", "assumed_name": "Example", "display_name": "Example, LLC (Example)", "is_active": true},
	"validations": [{"type": "ov", "name": "OV", "description": "Normal Organization Validation", "date_created": "2026-04-26T15:47:31+00:00",
		"validated_until": "2027-05-21T06:00:00+00:00", "status": "active", "dcv_status": "complete", "verified_users": []}],
	"dcv_method": "dns-txt-token", "dcv_token": {"dcv_random_value": "fjqr7th5ds", "status": "pending", "expiration_date": "2026-05-26T14:49:32+00:00"},
	"dcv_expiration": {"ov": "2027-05-21", "ev": "2027-05-20"}, "container": {"id": 5, "name": "A division", "is_active": true}
}`

// wholeDomain is what domainBody says.
func wholeDomain() *digicert.Domain {
	return &digicert.Domain{
		ID: 1587137, Name: "example.com", IsActive: new(true), Status: "pending", IsPendingValidation: true,
		DateCreated: utc(2026, 4, 26, 15, 32, 47), LastSubmitted: utc(2026, 4, 27, 15, 32, 47),
		DCVApproved: utc(2026, 5, 27, 22, 11, 22), DCVExpires: utc(2027, 5, 27, 22, 11, 22),
		Organization: digicert.DomainOrganization{
			Organization: digicert.Organization{ID: 894410, Name: "Example, LLC", AssumedName: "Example", DisplayName: "Example, LLC (Example)"},
			Status:       digicert.OrganizationActive, IsActive: new(true),
		},
		Container: digicert.Container{ID: 5, Name: "A division", IsActive: new(true)},
		Validations: []digicert.Validation{{
			Type: digicert.ValidationOV, Name: "OV", Description: "Normal Organization Validation", Status: digicert.ValidationActive, DCVStatus: "complete",
			DateCreated: utc(2026, 4, 26, 15, 47, 31), ValidatedUntil: utc(2027, 5, 21, 6, 0, 0), VerifiedUsers: []digicert.User{},
		}},
		DCVMethod:    digicert.DCVDNSTXT,
		DCVToken:     digicert.DCVToken{Value: "fjqr7th5ds", Status: "pending", ExpirationDate: utc(2026, 5, 26, 14, 49, 32)},
		DCVValidTill: digicert.DCVExpiration{OV: digicert.Date{Year: 2027, Month: 5, Day: 21}, EV: digicert.Date{Year: 2027, Month: 5, Day: 20}},
	}
}

func TestDomainsGet(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, domainBody)
	_, err := c.Domains.Get(t.Context(), 1587137, nil)
	require.NoError(t, err)
	require.Equal(t, "/services/v2/domain/1587137", s.only(t).URL.Path)
	require.Empty(t, s.only(t).URL.RawQuery)
	_, err = c.Domains.Get(t.Context(), 9, &digicert.GetDomainParams{IncludeDCV: true, IncludeValidation: true})
	requireDecodeError(t, err, "/domain/9", "/id")
	require.ErrorContains(t, err, "domain 1587137 instead of 9")
	require.ElementsMatch(t, []string{"include_dcv=true", "include_validation=true"}, queryOf(t, s.sent()[1]))
	_, err = c.Domains.Get(t.Context(), 0, nil)
	requireParamError(t, err, "domain_id")
	require.Len(t, s.sent(), 2)
}

// What a real service and a production client call by other names and types than the documentation.
func TestDomainsOtherForms(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"id":"12","organization":{"id":7,"is_active":"1"},"dcv_token":{"token":"t"},"dcv_expiration":{"ov":"2027-05-21T22:11:22+00:00"}}`)
	got, err := c.Domains.Get(t.Context(), 12, nil)
	require.NoError(t, err)
	require.Equal(t, &digicert.Domain{
		ID: 12, Organization: digicert.DomainOrganization{Organization: digicert.Organization{ID: 7}, IsActive: new(true)}, Validations: []digicert.Validation{}, DCVToken: digicert.DCVToken{Value: "t"},
		DCVValidTill: digicert.DCVExpiration{OV: digicert.Date{Year: 2027, Month: 5, Day: 21}},
	}, got)
}

func TestDomainsList(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{"domains":[`+domainBody+`],"page":{"total":1,"limit":1000,"offset":0}}`)
	got, err := c.Domains.List(t.Context(), &digicert.ListDomainsParams{
		Offset: 3, Limit: 7, Sort: []string{"-name", "id"}, ContainerID: 5, IncludeDCV: true, IncludeValidation: true,
		Filters: digicert.DomainFilters{Status: "inactive", DCVMethod: digicert.DCVEmail, Search: "%example"},
	})
	require.NoError(t, err)
	require.Equal(t, &digicert.DomainPage{Domains: []digicert.Domain{*wholeDomain()}, Page: digicert.PageInfo{Total: 1, Limit: 1000}}, got)
	require.ElementsMatch(t, []string{
		"offset=3", "limit=7", "sort=-name,id", "container_id=5", "include_dcv=true", "include_validation=true",
		"filters[status]=inactive", "filters[dcv_method]=email", "filters[search]=%example",
	}, queryOf(t, s.only(t)))
	for param, p := range map[string]digicert.ListDomainsParams{
		"limit":        {Limit: 1001},
		"offset":       {Offset: -1},
		"sort":         {Sort: []string{""}},
		"container_id": {ContainerID: -1},
	} {
		_, err := c.Domains.List(t.Context(), &p)
		requireParamError(t, err, param)
		for _, err := range c.Domains.All(t.Context(), &p) {
			requireParamError(t, err, param)
		}
	}
	s.only(t)
	c, _ = serve(t, http.StatusOK, `{}`)
	got, err = c.Domains.List(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, &digicert.DomainPage{Domains: []digicert.Domain{}}, got)
}

func TestDomainsOfAServer(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	c := s.Client(quick)
	want := []digicert.DomainID{4000001}
	for range 24 {
		require.NoError(t, s.AddDomain(digicerttest.Domain{Name: "another.example", Validated: true, DCVMethod: "dns-txt-token"}))
		want = append(want, want[len(want)-1]+1)
	}
	var got []digicert.DomainID
	for d, err := range c.Domains.All(t.Context(), &digicert.ListDomainsParams{Limit: 10, IncludeValidation: true}) {
		require.NoError(t, err)
		require.Len(t, d.Validations, 2)
		got = append(got, d.ID)
	}
	require.Equal(t, want, got)

	d, err := c.Domains.Get(t.Context(), 4000002, &digicert.GetDomainParams{IncludeDCV: true, IncludeValidation: true})
	require.NoError(t, err)
	require.Equal(t, "another.example", d.Name)
	require.Equal(t, digicert.DCVDNSTXT, d.DCVMethod)
	require.NotEmpty(t, d.DCVToken.Value)
	require.Equal(t, digicert.ValidationActive, d.Validations[0].Status)
	d, err = c.Domains.Get(t.Context(), 4000002, nil)
	require.NoError(t, err)
	require.Empty(t, d.Validations)
	require.Zero(t, d.DCVToken)
	page, err := c.Domains.List(t.Context(), &digicert.ListDomainsParams{Filters: digicert.DomainFilters{Status: "active", DCVMethod: digicert.DCVEmail}})
	require.NoError(t, err)
	require.Len(t, page.Domains, 1)
	_, err = c.Domains.Get(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrNotFound)
}
