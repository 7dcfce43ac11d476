// Organizations, and their validation.

package digicert

import (
	"cmp"
	"context"
	"fmt"
	"iter"
)

// OrganizationsService reads the organizations of the account, to which orders refer by their ids.
type OrganizationsService struct{ c *Client }

// OrganizationStatus is the documented status of an organization. Unknown values are preserved.
type OrganizationStatus string

// The documented statuses. Samples in the first version of the documentation have "approved".
const (
	OrganizationActive   OrganizationStatus = "active"
	OrganizationInactive OrganizationStatus = "inactive"
)

// OrganizationInfo is an organization, as [OrganizationsService.Get] and [OrganizationsService.List] return it. Lists are never nil
// once decoded.
type OrganizationInfo struct {
	Organization
	Status    OrganizationStatus `json:"status,omitzero"`
	IsActive  *bool              `json:"is_active,omitzero"` // nil if not sent
	Address   string             `json:"address,omitzero"`
	Address2  string             `json:"address2,omitzero"`
	Zip       string             `json:"zip,omitzero"`
	Telephone string             `json:"telephone,omitzero"`
	Container Container          `json:"container,omitzero"`

	Validations      []Validation          `json:"validations,omitzero"` // only from List, with IncludeValidation
	EVApprovers      []User                `json:"ev_approvers,omitzero"`
	Contact          OrganizationContact   `json:"organization_contact,omitzero"` // only from Get
	VerifiedContacts []OrganizationContact `json:"verified_contacts,omitzero"`    // only from Get
}

// OrganizationContact is a contact of an organization.
type OrganizationContact struct {
	ID int64 `json:"id,omitzero"` // not a user id
	Contact
}

// ListOrganizationsParams are the parameters of [OrganizationsService.List] and [OrganizationsService.All].
type ListOrganizationsParams struct {
	Offset            int                 `url:"offset,omitempty"`             // rows to skip
	Limit             int                 `url:"limit,omitempty"`              // rows per page, at most 1000; 0 is the service's default, 1000
	Sort              []string            `url:"sort,comma,omitempty"`         // the keys are not known; a leading "-" sorts in descending order
	ContainerID       ContainerID         `url:"container_id,omitempty"`       // observed in clients
	IncludeValidation bool                `url:"include_validation,omitempty"` // adds Validations
	Filters           OrganizationFilters `url:"filters"`
}

// OrganizationFilters are filters of [OrganizationsService.List]. A zero field is not sent.
type OrganizationFilters struct {
	Status OrganizationStatus `url:"status,omitempty"`
	Search string             `url:"search,omitempty"` // an id or a name
}

func (p *ListOrganizationsParams) check() error {
	if p == nil {
		return nil
	}
	return cmp.Or(
		checkPage(p.Limit, p.Offset),
		checkSortKeys(p.Sort),
		checkFilterID("container_id", p.ContainerID),
	)
}

// OrganizationPage is one page of organizations.
type OrganizationPage struct {
	Organizations []OrganizationInfo `json:"organizations"`
	Page          PageInfo           `json:"page,omitzero"`
}

const organizationsPath = "/organization"

// List returns one page of the organizations of the account: GET /organization.
//
// List returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/certcentral-apis/services-api/organizations/list-organizations.html
func (s *OrganizationsService) List(ctx context.Context, params *ListOrganizationsParams) (*OrganizationPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(OrganizationPage)
	if _, err := s.client().get(ctx, organizationsPath, params, page); err != nil {
		return nil, err
	}
	page.Organizations = nonNil(page.Organizations)
	return page, nil
}

// All yields the organizations of all pages, from params.Offset on, as [SubaccountsService.AllOrders] does. The list is sorted by
// "id", a key that is a guess.
func (s *OrganizationsService) All(ctx context.Context, params *ListOrganizationsParams) iter.Seq2[OrganizationInfo, error] {
	return sortedList[ListOrganizationsParams, OrganizationInfo]{
		path: organizationsPath, idKey: "id", guessed: true,
		paging: func(p *ListOrganizationsParams) (*[]string, *int, *int) { return &p.Sort, &p.Limit, &p.Offset },
		list: func(ctx context.Context, p *ListOrganizationsParams) ([]OrganizationInfo, PageInfo, error) {
			page, err := s.List(ctx, p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Organizations, page.Page, nil
		},
		id: func(row *OrganizationInfo) int64 { return int64(row.ID) },
	}.all(ctx, s.client(), params)
}

// Get returns an organization: GET /organization/{organization_id}.
//
// Get returns a *[ParamError] if organizationID is not positive, [ErrNotFound] for an unknown organization, and a *[DecodeError] if
// the response has another organization.
//
// https://dev.digicert.com/certcentral-apis/services-api/organizations/organization-info.html
func (s *OrganizationsService) Get(ctx context.Context, organizationID OrganizationID) (*OrganizationInfo, error) {
	if err := checkID("organization_id", organizationID); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/%d", organizationsPath, organizationID)
	org := new(OrganizationInfo)
	if _, err := s.client().get(ctx, path, nil, org); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/id", "organization", org.ID, organizationID); err != nil {
		return nil, err
	}
	return org, nil
}

// Validations returns the validations of an organization: GET /organization/{organization_id}/validation.
//
// Validations returns a *[ParamError] if organizationID is not positive, and [ErrNotFound] for an unknown organization.
//
// https://dev.digicert.com/certcentral-apis/services-api/organizations/validation-details.html
func (s *OrganizationsService) Validations(ctx context.Context, organizationID OrganizationID) ([]Validation, error) {
	if err := checkID("organization_id", organizationID); err != nil {
		return nil, err
	}
	var list struct {
		Validations []Validation `json:"validations"`
	}
	if _, err := s.client().get(ctx, fmt.Sprintf("%s/%d/validation", organizationsPath, organizationID), nil, &list); err != nil {
		return nil, err
	}
	return nonNil(list.Validations), nil
}
