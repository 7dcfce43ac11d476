// Users of the account.

package digicert

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// UsersService reads the users of the account.
type UsersService struct{ c *Client }

// UserInfo is a user, as [UsersService.Me] returns it. Lists are never nil once decoded.
type UserInfo struct {
	User
	Username      string    `json:"username,omitzero"`
	AccountID     AccountID `json:"account_id,omitzero"`
	JobTitle      string    `json:"job_title,omitzero"`
	Telephone     string    `json:"telephone,omitzero"`
	Status        string    `json:"status,omitzero"`          // such as "active"
	LastLoginDate time.Time `json:"last_login_date,omitzero"` // documented without a zone, decoded as UTC; zero if there was none
	Type          string    `json:"type,omitzero"`            // such as "standard"
	Container     Container `json:"container,omitzero"`
	// AccessRoles determine what the API key may do, such as place orders, revoke, approve and skip approval. The key itself may
	// be restricted further.
	AccessRoles []AccessRole `json:"access_roles,omitzero"`

	IsCertCentral           bool        `json:"is_cert_central,omitzero"`
	IsEnterprise            bool        `json:"is_enterprise,omitzero"`
	IsSAMLSSOOnly           bool        `json:"is_saml_sso_only,omitzero"`
	HasContainerAssignments bool        `json:"has_container_assignments,omitzero"`
	ContainerVisibility     []Container `json:"container_visibility,omitzero"` // the containers that the user sees
}

// AccessRole is one entry of the documented "access_roles" of a user.
type AccessRole struct {
	ID   int64  `json:"id,omitzero"`
	Name string `json:"name,omitzero"` // such as "Administrator"
}

// Me returns the user of the API key: GET /user/me. Clients also use it to test whether a key is accepted.
//
// Me returns a *[DecodeError] if the response has no id.
//
// https://dev.digicert.com/certcentral-apis/services-api/users/user-info.html
func (s *UsersService) Me(ctx context.Context) (*UserInfo, error) {
	const path = "/user/me"
	me := new(UserInfo)
	if _, err := s.client().get(ctx, path, nil, me); err != nil {
		return nil, err
	}
	if me.ID == 0 {
		return nil, &DecodeError{Method: http.MethodGet, Path: path, Pointer: "/id", Err: errors.New("no user id")}
	}
	return me, nil
}
