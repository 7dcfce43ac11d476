// Domains, and their validation.

package digicerttest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// Domain is a domain of the account.
type Domain struct {
	ID             digicert.DomainID // 0: the next free id
	Name           string
	OrganizationID digicert.OrganizationID // 0: the default organization of a server
	ContainerID    digicert.ContainerID    // 0: that of the account
	Inactive       bool
	Validated      bool   // orders for its names need no check, see WithDCV
	DCVMethod      string // "": email

	created time.Time
}

// AddDomain adds a domain. A server starts with example.com, which is not validated. AddDomain returns an error if
// the id is negative or in use, the name is not a DNS name, or the organization is unknown.
func (s *Server) AddDomain(d Domain) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if d.ID == 0 {
		d.ID = s.state.nextDomainID()
	}
	setDefault(&d.OrganizationID, accountItself.organization)
	err := checkID("domain", d.ID)
	switch {
	case err != nil:
	case !isDNSName(d.Name):
		err = fmt.Errorf("%q is not a DNS name", d.Name)
	case slices.ContainsFunc(s.state.domains, func(other *Domain) bool { return other.ID == d.ID }):
		err = fmt.Errorf("the id %d is in use", d.ID)
	case s.state.organization(d.OrganizationID) == nil:
		err = fmt.Errorf("the organization %d does not exist", d.OrganizationID)
	}
	if err != nil {
		return fmt.Errorf("digicerttest: AddDomain: %w", err)
	}
	s.state.putDomain(d, s.now())
	return nil
}

func (s *state) putDomain(d Domain, now time.Time) {
	setDefault(&d.ContainerID, accountItself.container)
	setDefault(&d.OrganizationID, accountItself.organization)
	setDefault(&d.DCVMethod, dcvEmail)
	d.created = now
	s.addDomains([]*Domain{&d})
}

// addDomains adds the domains that are not in the list yet.
func (s *state) addDomains(list []*Domain) {
	for _, d := range list {
		if !slices.Contains(s.domains, d) {
			s.domains = append(s.domains, d)
		}
	}
	slices.SortFunc(s.domains, func(a, b *Domain) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *state) nextDomainID() digicert.DomainID { return s.domains[len(s.domains)-1].ID + 1 }

// domain returns the domain with a name, or nil. The caller holds the lock.
func (s *state) domain(name string) *Domain {
	if i := slices.IndexFunc(s.domains, func(d *Domain) bool { return strings.EqualFold(d.Name, name) }); i >= 0 {
		return s.domains[i]
	}
	return nil
}

// domainFor returns the domain with a name, or a new one that is not added yet. further is the number of new domains
// that are not added yet, for the id.
func (s *state) domainFor(name string, further int, o *order) *Domain {
	if d := s.domain(name); d != nil {
		return d
	}
	by := o.owner()
	return &Domain{
		ID: s.nextDomainID() + digicert.DomainID(further), Name: name, OrganizationID: by.organization, ContainerID: by.container,
		DCVMethod: dcvEmail, created: o.created,
	}
}

// validDomain reports whether a name belongs to a validated domain.
func (s *state) validDomain(name string) bool {
	return slices.ContainsFunc(s.domains, func(d *Domain) bool {
		return d.Validated && !d.Inactive && (strings.EqualFold(d.Name, name) || strings.HasSuffix(strings.ToLower(name), "."+strings.ToLower(d.Name)))
	})
}

// listDomains handles GET /domain.
func (s *Server) listDomains(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	container, name := q.int("container_id", 1, maxID), q.text("filters[name]")
	search := strings.ToLower(strings.Trim(q.text("filters[search]"), "%"))
	status, method := q.text("filters[status]"), q.text("filters[dcv_method]")
	with := domainParts{dcv: q.bool("include_dcv"), validations: q.bool("include_validation"), expiration: true}
	q.text("sort")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	var rows [][]byte
	for _, d := range s.state.domains {
		if (container == 0 || int64(d.ContainerID) == container) && (name == "" || strings.EqualFold(name, d.Name)) &&
			(status == "" || status == statusOf(d.Inactive)) && (method == "" || method == d.DCVMethod) &&
			strings.Contains(strings.ToLower(d.Name), search) {
			rows = append(rows, s.state.appendDomain(nil, d, with))
		}
	}
	return pageOf("domains", rows, page), nil
}

// domainParts selects parts of a domain: dcv and validations are sent on request, expiration in the list only.
type domainParts struct{ dcv, validations, expiration bool }

// validationYears is the validity of a domain's validation.
const validationYears = 1

// domainInfo handles GET /domain/{domain_id}.
func (s *Server) domainInfo(r *request) (render, *failure) {
	with := domainParts{dcv: r.query.bool("include_dcv"), validations: r.query.bool("include_validation")}
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	i := slices.IndexFunc(s.state.domains, func(d *Domain) bool { return d.ID == digicert.DomainID(r.id) })
	if i < 0 {
		return nil, fail(http.StatusNotFound, "not_found|domain", "The domain does not exist.")
	}
	return whole(s.state.appendDomain(nil, s.state.domains[i], with)), nil
}

func (s *state) appendDomain(b []byte, d *Domain, with domainParts) []byte {
	b = appendInt(b, `{"id":`, d.ID)
	b = appendText(b, `,"name":`, d.Name)
	b = appendBool(b, `,"is_active":`, !d.Inactive)
	b = appendTime(b, `,"date_created":`, d.created)
	if org := s.organization(d.OrganizationID); org != nil {
		b = appendInt(b, `,"organization":{"id":`, org.ID)
		b = appendText(b, `,"name":`, org.Name)
		b = append(appendText(b, `,"display_name":`, org.DisplayName), '}')
	}
	status := statusPending
	if d.Validated {
		status = "active"
	}
	if with.validations {
		b = append(b, `,"validations":[`...)
		for i, kind := range []string{"ov", "ev"} {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, `{"type":`, kind)
			b = append(appendText(b, `,"status":`, status), '}')
		}
		b = append(b, ']')
	}
	if with.dcv {
		b = appendText(b, `,"dcv_method":`, d.DCVMethod)
		if d.DCVMethod != dcvEmail {
			token := dcv{token: strings.ToLower(hexOf(uint64(d.ID), serialLen)), expires: d.created.AddDate(0, 0, tokenDays)}
			b = token.appendToken(b)
		}
	}
	if with.expiration && d.Validated {
		until := dayOf(digicert.DateOf(d.created.AddDate(validationYears, 0, 0)))
		b = appendDay(b, `,"dcv_expiration":{"ov":`, until)
		b = append(appendDay(b, `,"ev":`, until), '}')
	}
	return append(s.appendContainerRef(b, d.ContainerID), '}')
}
