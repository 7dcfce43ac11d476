package digicert_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// userBody has every field that is known of a user.
const userBody = `{"id": 125039, "username": "john", "account_id": 123654, "firstname": "John", "lastname": "Smith", "email": "john@example.com",
	"job_title": "Sys Admin", "telephone": "555-0100", "status": "active", "last_login_date": "2018-11-29 01:48:04",
	"container": {"id": 5, "name": "My Account", "is_active": true}, "access_roles": [{"id": 1, "name": "Administrator"}],
	"is_cert_central": true, "is_enterprise": true, "is_saml_sso_only": true, "type": "standard", "has_container_assignments": true,
	"container_visibility": [{"id": 5, "name": "My Account"}]
}`

// wholeUser is what userBody says.
func wholeUser() *digicert.UserInfo {
	return &digicert.UserInfo{
		User:     digicert.User{ID: 125039, FirstName: "John", LastName: "Smith", Email: "john@example.com"},
		Username: "john", AccountID: 123654, JobTitle: "Sys Admin", Telephone: "555-0100", Status: "active", Type: "standard",
		LastLoginDate: utc(2018, 11, 29, 1, 48, 4), Container: digicert.Container{ID: 5, Name: "My Account", IsActive: new(true)},
		AccessRoles: []digicert.AccessRole{{ID: 1, Name: "Administrator"}}, IsCertCentral: true, IsEnterprise: true, IsSAMLSSOOnly: true,
		HasContainerAssignments: true, ContainerVisibility: []digicert.Container{{ID: 5, Name: "My Account"}},
	}
}

// Recorded answers have first_name and last_name, and the time with a zone or not at all.
func TestUsersMe(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*digicert.UserInfo{
		`{"id":2701143,"first_name":"Ada","last_name":"Lee","last_login_date":"2023-10-13T15:15:13+00:00","access_roles":[{"id":3,"name":"Finance Manager"}]}`: {
			User: digicert.User{ID: 2701143, FirstName: "Ada", LastName: "Lee"}, LastLoginDate: utc(2023, 10, 13, 15, 15, 13),
			AccessRoles: []digicert.AccessRole{{ID: 3, Name: "Finance Manager"}}, ContainerVisibility: []digicert.Container{},
		},
		`{"id":"4"}`: {User: digicert.User{ID: 4}, AccessRoles: []digicert.AccessRole{}, ContainerVisibility: []digicert.Container{}},
	} {
		c, s := serve(t, http.StatusOK, body)
		got, err := c.Users.Me(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, "/services/v2/user/me", s.only(t).URL.Path)
	}
	c, _ := serve(t, http.StatusOK, `{"username":"john"}`)
	_, err := c.Users.Me(t.Context())
	requireDecodeError(t, err, "/user/me", "/id")
}

func TestUsersOfAServer(t *testing.T) {
	t.Parallel()
	me, err := digicerttest.NewServer(t).Client(quick).Users.Me(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Logan", me.FirstName)
	require.Equal(t, "Administrator", me.AccessRoles[0].Name)
	require.NotZero(t, me.LastLoginDate)
	require.Equal(t, me.Container.ID, me.ContainerVisibility[0].ID)
}
