package digicert_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// organizationBody has every field that is known of an organization.
const organizationBody = `{"id": 117483, "status": "active", "name": "Epigyne llc", "assumed_name": "Epigyne", "display_name": "Epigyne llc (Epigyne)",
	"is_active": true, "address": "932 Prospect Street", "address2": "Floor 08", "zip": "40849", "city": "Minneapolis", "state": "Minnesota", "country": "us",
	"telephone": "555-0100", "container": {"id": 5, "name": "A division", "is_active": false},
	"validations": [
		{"type": "ov", "name": "OV", "description": "Normal Organization Validation", "date_created": "2026-08-09T17:04:59+00:00",
			"validated_until": "2027-08-09T17:04:45+00:00", "status": "active", "verified_users": []},
		{"type": "ev", "name": "EV", "description": "Extended Organization Validation (EV)", "status": "pending",
			"verified_users": [{"id": 12, "firstname": "John", "lastname": "Harrison", "email": "john@example.com"}]}
	],
	"ev_approvers": [{"id": 4321, "firstname": "Bro", "lastname": "Jackson"}],
	"organization_contact": {"id": 184, "first_name": "Gia", "last_name": "Booth", "email": "gia@example.com", "job_title": "Head of TLS",
		"telephone": "555-0101", "telephone_extension": "736"},
	"verified_contacts": [{"id": 185, "first_name": "Ada", "last_name": "Example"}]
}`

// wholeOrganization is what organizationBody says.
func wholeOrganization() digicert.OrganizationInfo {
	return digicert.OrganizationInfo{
		Organization: digicert.Organization{
			ID: 117483, Name: "Epigyne llc", AssumedName: "Epigyne", DisplayName: "Epigyne llc (Epigyne)", City: "Minneapolis", State: "Minnesota", Country: "us",
		},
		Status: digicert.OrganizationActive, IsActive: new(true),
		Address: "932 Prospect Street", Address2: "Floor 08", Zip: "40849", Telephone: "555-0100",
		Container:   digicert.Container{ID: 5, Name: "A division", IsActive: new(false)},
		Validations: organizationValidations(),
		EVApprovers: []digicert.User{{ID: 4321, FirstName: "Bro", LastName: "Jackson"}},
		Contact: digicert.OrganizationContact{ID: 184, Contact: digicert.Contact{
			FirstName: "Gia", LastName: "Booth", Email: "gia@example.com", JobTitle: "Head of TLS", Telephone: "555-0101", TelephoneExtension: "736",
		}},
		VerifiedContacts: []digicert.OrganizationContact{{ID: 185, Contact: digicert.Contact{FirstName: "Ada", LastName: "Example"}}},
	}
}

func organizationValidations() []digicert.Validation {
	return []digicert.Validation{
		{
			Type: digicert.ValidationOV, Name: "OV", Description: "Normal Organization Validation", Status: digicert.ValidationActive,
			DateCreated: utc(2026, 8, 9, 17, 4, 59), ValidatedUntil: utc(2027, 8, 9, 17, 4, 45), VerifiedUsers: []digicert.User{},
		},
		{
			Type: digicert.ValidationEV, Name: "EV", Description: "Extended Organization Validation (EV)", Status: digicert.ValidationPending,
			VerifiedUsers: []digicert.User{{ID: 12, FirstName: "John", LastName: "Harrison", Email: "john@example.com"}},
		},
	}
}

const organizationsBody = `{"organizations": [` + organizationBody + `], "page": {"total": 1, "limit": 1000, "offset": 0}}`

func organizationsPage() *digicert.OrganizationPage {
	return &digicert.OrganizationPage{Organizations: []digicert.OrganizationInfo{wholeOrganization()}, Page: digicert.PageInfo{Total: 1, Limit: 1000}}
}

func TestOrganizationsGet(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, organizationBody)
	_, err := c.Organizations.Get(t.Context(), 117483)
	require.NoError(t, err)
	require.Equal(t, "/services/v2/organization/117483", s.only(t).URL.Path)
	_, err = c.Organizations.Get(t.Context(), 9)
	requireDecodeError(t, err, "/organization/9", "/id")
	require.ErrorContains(t, err, "organization 117483 instead of 9")
	_, err = c.Organizations.Get(t.Context(), 0)
	requireParamError(t, err, "organization_id")
	_, err = c.Organizations.Validations(t.Context(), -1)
	requireParamError(t, err, "organization_id")
	require.Len(t, s.sent(), 2)
}

func TestOrganizationsList(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{}`)
	got, err := c.Organizations.List(t.Context(), &digicert.ListOrganizationsParams{
		Offset: 3, Limit: 7, Sort: []string{"-name", "id"}, ContainerID: 5, IncludeValidation: true,
		Filters: digicert.OrganizationFilters{Status: digicert.OrganizationInactive, Search: "%Epi"},
	})
	require.NoError(t, err)
	require.Equal(t, &digicert.OrganizationPage{Organizations: []digicert.OrganizationInfo{}}, got)
	require.ElementsMatch(t, []string{
		"offset=3", "limit=7", "sort=-name,id", "container_id=5", "include_validation=true", "filters[status]=inactive", "filters[search]=%Epi",
	}, queryOf(t, s.only(t)))
	for param, p := range map[string]digicert.ListOrganizationsParams{
		"limit":        {Limit: 1001},
		"offset":       {Offset: -1},
		"sort":         {Sort: []string{"a,b"}},
		"container_id": {ContainerID: -1},
	} {
		_, err := c.Organizations.List(t.Context(), &p)
		requireParamError(t, err, param)
		for _, err := range c.Organizations.All(t.Context(), &p) {
			requireParamError(t, err, param)
		}
	}
	s.only(t)
	_, err = c.Organizations.List(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, s.sent()[1].URL.RawQuery)
}

// Both spellings of people's names are read, and the validations of an organization with none.
func TestOrganizationsValidations(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]digicert.Validation{
		`{}`: {},
		`{"validations":[{"type":"smime","status":"expired","verified_users":[{"id":1,"first_name":"Jo","last_name":"Lee"}]}]}`: {
			{Type: digicert.ValidationSMIME, Status: digicert.ValidationExpired, VerifiedUsers: []digicert.User{{ID: 1, FirstName: "Jo", LastName: "Lee"}}},
		},
	} {
		c, s := serve(t, http.StatusOK, body)
		got, err := c.Organizations.Validations(t.Context(), 9)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, "/services/v2/organization/9/validation", s.only(t).URL.Path)
	}
}

func TestOrganizationsOfAServer(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	c := s.Client(quick)
	want := []digicert.OrganizationID{117483}
	for range 24 {
		require.NoError(t, s.AddOrganization(digicerttest.Organization{Name: "Another", Pending: true}))
		want = append(want, want[len(want)-1]+1)
	}
	var got []digicert.OrganizationID
	for org, err := range c.Organizations.All(t.Context(), &digicert.ListOrganizationsParams{Limit: 10, IncludeValidation: true}) {
		require.NoError(t, err)
		require.Len(t, org.Validations, 2)
		got = append(got, org.ID)
	}
	require.Equal(t, want, got)

	org, err := c.Organizations.Get(t.Context(), 117483)
	require.NoError(t, err)
	require.Equal(t, "Springfield", org.City)
	require.Equal(t, digicert.OrganizationActive, org.Status)
	validations, err := c.Organizations.Validations(t.Context(), 117484)
	require.NoError(t, err)
	require.Equal(t, digicert.ValidationPending, validations[0].Status)
	page, err := c.Organizations.List(t.Context(), &digicert.ListOrganizationsParams{Filters: digicert.OrganizationFilters{Search: "Example"}})
	require.NoError(t, err)
	require.Len(t, page.Organizations, 1)
	_, err = c.Organizations.Get(t.Context(), 1)
	require.ErrorIs(t, err, digicert.ErrNotFound)
	_, err = c.Organizations.Validations(t.Context(), 1)
	require.ErrorIs(t, err, digicert.ErrNotFound)
}
