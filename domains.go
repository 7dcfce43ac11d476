// Domains and their validation.

package digicert

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"
)

// DomainsService reads the domains of the account. An OV or EV order whose domains are validated needs no further check.
type DomainsService struct{ c *Client }

// Domain is a domain, as [DomainsService.Get] and [DomainsService.List] return it. Lists are never nil once decoded.
type Domain struct {
	ID       DomainID `json:"id,omitzero"`
	Name     string   `json:"name,omitzero"`
	IsActive *bool    `json:"is_active,omitzero"` // nil if not sent
	Status   string   `json:"status,omitzero"`    // only from Get; deprecated by the service: see Validations

	IsPendingValidation bool      `json:"is_pending_validation,omitzero"`   // only from Get
	DateCreated         time.Time `json:"date_created,omitzero"`            // UTC
	LastSubmitted       time.Time `json:"last_submitted_datetime,omitzero"` // UTC; only from List
	DCVApproved         time.Time `json:"dcv_approval_datetime,omitzero"`   // UTC; time of the latest successful check
	DCVExpires          time.Time `json:"dcv_expiration_datetime,omitzero"` // UTC; when that check expires; with IncludeDCV

	Organization DomainOrganization `json:"organization,omitzero"`
	Container    Container          `json:"container,omitzero"`
	Validations  []Validation       `json:"validations,omitzero"`    // with IncludeValidation
	DCVMethod    DCVMethod          `json:"dcv_method,omitzero"`     // with IncludeDCV
	DCVToken     DCVToken           `json:"dcv_token,omitzero"`      // with IncludeDCV, for the methods that have one
	DCVValidTill DCVExpiration      `json:"dcv_expiration,omitzero"` // only from List; zero until the domain was validated
}

// DomainOrganization is the documented "organization" of a domain. It has names but no address.
type DomainOrganization struct {
	Organization
	Status   OrganizationStatus `json:"status,omitzero"`
	IsActive *bool              `json:"is_active,omitzero"` // nil if not sent
}

// DCVExpiration is the documented "dcv_expiration" of a domain: the last days on which its validation can be used, in Mountain time.
type DCVExpiration struct {
	OV Date `json:"ov,omitzero"`
	EV Date `json:"ev,omitzero"`
}

// ListDomainsParams are the parameters of [DomainsService.List] and [DomainsService.All].
type ListDomainsParams struct {
	Offset            int           `url:"offset,omitempty"`             // rows to skip
	Limit             int           `url:"limit,omitempty"`              // rows per page, at most 1000; 0 is the service's default, 1000
	Sort              []string      `url:"sort,comma,omitempty"`         // the keys are not documented; a leading "-" sorts in descending order
	ContainerID       ContainerID   `url:"container_id,omitempty"`       // seen in clients
	IncludeDCV        bool          `url:"include_dcv,omitempty"`        // documented for Get
	IncludeValidation bool          `url:"include_validation,omitempty"` // adds Validations
	Filters           DomainFilters `url:"filters"`
}

// DomainFilters are documented filters of [DomainsService.List]. A zero field is not sent.
type DomainFilters struct {
	Status    string    `url:"status,omitempty"` // "active" or "inactive"
	DCVMethod DCVMethod `url:"dcv_method,omitempty"`
	Search    string    `url:"search,omitempty"` // a name; "%text" matches names that contain text
}

func (p *ListDomainsParams) check() error {
	if p == nil {
		return nil
	}
	return cmp.Or(
		checkPage(p.Limit, p.Offset),
		checkSortKeys(p.Sort),
		checkFilterID("container_id", p.ContainerID),
	)
}

// DomainPage is one page of domains.
type DomainPage struct {
	Domains []Domain `json:"domains"`
	Page    PageInfo `json:"page,omitzero"`
}

const domainsPath = "/domain"

// List returns one page of the domains of the account: GET /domain.
//
// List returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/certcentral-apis/services-api/domains/list-domains.html
func (s *DomainsService) List(ctx context.Context, params *ListDomainsParams) (*DomainPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(DomainPage)
	if _, err := s.client().get(ctx, domainsPath, params, page); err != nil {
		return nil, err
	}
	page.Domains = nonNil(page.Domains)
	return page, nil
}

// All yields the domains of all pages, starting at params.Offset, as [SubaccountsService.AllOrders] does. The list is sorted
// by "id"; that the service supports this key is a guess.
func (s *DomainsService) All(ctx context.Context, params *ListDomainsParams) iter.Seq2[Domain, error] {
	return sortedList[ListDomainsParams, Domain]{
		path: domainsPath, idKey: "id", guessed: true,
		paging: func(p *ListDomainsParams) (*[]string, *int, *int) { return &p.Sort, &p.Limit, &p.Offset },
		list: func(ctx context.Context, p *ListDomainsParams) ([]Domain, PageInfo, error) {
			page, err := s.List(ctx, p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Domains, page.Page, nil
		},
		id: func(row *Domain) int64 { return int64(row.ID) },
	}.all(ctx, s.client(), params)
}

// GetDomainParams are the parameters of [DomainsService.Get].
type GetDomainParams struct {
	IncludeDCV        bool `url:"include_dcv,omitempty"`        // adds DCVMethod, DCVToken and the times of the latest check
	IncludeValidation bool `url:"include_validation,omitempty"` // adds Validations
}

// Get returns a domain: GET /domain/{domain_id}.
//
// Get returns a *[ParamError] if domainID is not positive, [ErrNotFound] for an unknown domain, and a *[DecodeError] if the
// response has another domain.
//
// https://dev.digicert.com/certcentral-apis/services-api/domains/domain-info.html
func (s *DomainsService) Get(ctx context.Context, domainID DomainID, params *GetDomainParams) (*Domain, error) {
	if err := checkID("domain_id", domainID); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/%d", domainsPath, domainID)
	domain := new(Domain)
	if _, err := s.client().get(ctx, path, params, domain); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/id", "domain", domain.ID, domainID); err != nil {
		return nil, err
	}
	return domain, nil
}
