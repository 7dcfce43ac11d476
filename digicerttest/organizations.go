// Organizations, and their validation.

package digicerttest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// Organization is an organization of the account.
type Organization struct {
	ID          digicert.OrganizationID // 0: the next free id
	Name        string
	AssumedName string
	DisplayName string // "": the name
	Inactive    bool
	Pending     bool // not validated: orders for it stay pending until ValidateOrganization
	Address     string
	Zip         string
	City        string
	State       string
	Country     string
	Telephone   string
	ContainerID digicert.ContainerID // 0: that of the account

	validatedUntil time.Time
}

// AddOrganization adds an organization, to which orders can then refer. A server starts with one, the default
// organization of the account's orders. AddOrganization returns an error if the id is negative or in use, or if the
// name is empty.
func (s *Server) AddOrganization(org Organization) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if org.ID == 0 {
		org.ID = s.state.organizations[len(s.state.organizations)-1].ID + 1
	}
	if err := checkID("organization", org.ID); err != nil {
		return fmt.Errorf("digicerttest: AddOrganization: %w", err)
	}
	switch {
	case org.Name == "":
		return fmt.Errorf("digicerttest: AddOrganization %d: the name is empty", org.ID)
	case s.state.organization(org.ID) != nil:
		return fmt.Errorf("digicerttest: AddOrganization %d: the organization already exists", org.ID)
	}
	s.state.putOrganization(org, s.now())
	return nil
}

// organizationYears is the validity of an organization's validation.
const organizationYears = 1

func (s *state) putOrganization(org Organization, now time.Time) {
	setDefault(&org.DisplayName, org.Name)
	setDefault(&org.ContainerID, accountItself.container)
	org.validatedUntil = now.AddDate(organizationYears, 0, 0)
	s.organizations = append(s.organizations, &org)
	slices.SortFunc(s.organizations, func(a, b *Organization) int { return cmp.Compare(a.ID, b.ID) })
}

// organization returns an organization, or nil. The caller holds the lock.
func (s *state) organization(id digicert.OrganizationID) *Organization {
	if i := slices.IndexFunc(s.organizations, func(org *Organization) bool { return org.ID == id }); i >= 0 {
		return s.organizations[i]
	}
	return nil
}

var errNoOrganization = fail(http.StatusNotFound, "not_found|organization", "The organization does not exist.")

// statusOf returns the status of an organization or domain, as sent.
func statusOf(inactive bool) string {
	if inactive {
		return "inactive"
	}
	return "active"
}

// found reports whether a search matches the id of the organization or a part of its name.
func (org *Organization) found(search string) bool {
	return search == strconv.FormatInt(int64(org.ID), 10) || strings.Contains(strings.ToLower(org.Name), strings.ToLower(strings.Trim(search, "%")))
}

// listOrganizations handles GET /organization.
func (s *Server) listOrganizations(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	container, status := q.int("container_id", 1, maxID), q.text("filters[status]")
	validations, search := q.bool("include_validation"), q.text("filters[search]")
	q.text("sort")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	var rows [][]byte
	for _, org := range s.state.organizations {
		if (container == 0 || int64(org.ContainerID) == container) && (status == "" || status == statusOf(org.Inactive)) && org.found(search) {
			rows = append(rows, s.state.appendOrganizationRow(nil, org, validations))
		}
	}
	return pageOf("organizations", rows, page), nil
}

// pageOf returns the render function of a page of a list of rows.
func pageOf(key string, rows [][]byte, page paging) render {
	return func(b []byte, fx effects) []byte {
		return appendPaged(b, key, len(rows), page, fx, func(b []byte, i int) []byte { return append(b, rows[i]...) })
	}
}

// organizationInfo handles GET /organization/{organization_id}.
func (s *Server) organizationInfo(r *request) (render, *failure) {
	validations := r.query.bool("include_validation")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	org := s.state.organization(digicert.OrganizationID(r.id))
	if org == nil {
		return nil, errNoOrganization
	}
	return whole(s.state.appendOrganizationRow(nil, org, validations)), nil
}

// organizationValidation handles GET /organization/{organization_id}/validation.
func (s *Server) organizationValidation(r *request) (render, *failure) {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	org := s.state.organization(digicert.OrganizationID(r.id))
	if org == nil {
		return nil, errNoOrganization
	}
	return whole(append(org.appendValidations(append([]byte(nil), '{'), `"validations":`), '}')), nil
}

func (s *state) appendOrganizationRow(b []byte, org *Organization, validations bool) []byte {
	b = appendInt(b, `{"id":`, org.ID)
	b = appendText(b, `,"name":`, org.Name)
	b = appendGiven(b, `,"assumed_name":`, org.AssumedName)
	b = appendText(b, `,"display_name":`, org.DisplayName)
	b = appendText(b, `,"status":`, statusOf(org.Inactive))
	b = appendBool(b, `,"is_active":`, !org.Inactive)
	b = appendGiven(b, `,"address":`, org.Address)
	b = appendGiven(b, `,"zip":`, org.Zip)
	b = appendGiven(b, `,"city":`, org.City)
	b = appendGiven(b, `,"state":`, org.State)
	b = appendGiven(b, `,"country":`, org.Country)
	b = appendGiven(b, `,"telephone":`, org.Telephone)
	b = s.appendContainerRef(b, org.ContainerID)
	if validations {
		b = org.appendValidations(b, `,"validations":`)
	}
	return append(b, '}')
}

// appendValidations appends the validations of an organization, for OV and EV.
func (org *Organization) appendValidations(b []byte, name string) []byte {
	b = append(append(b, name...), '[')
	for i, kind := range []string{"ov", "ev"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"type":`, kind)
		if org.Pending {
			b = append(appendText(b, `,"status":`, statusPending), '}')
			continue
		}
		b = appendText(b, `,"status":`, "active")
		b = append(appendTime(b, `,"validated_until":`, org.validatedUntil), '}')
	}
	return append(b, ']')
}
