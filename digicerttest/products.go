// The products that the account can order.

package digicerttest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// Product is a product that the account can order.
type Product struct {
	NameID       string // such as "ssl_plus"
	Name         string
	Type         string // such as "ssl_certificate"
	Price        int64  // USD for one year
	NoDuplicates bool
}

// anyProduct is the path segment with which the service chooses the product.
const anyProduct = "ssl"

// AddProduct adds a product, or replaces the one with its name id. A server starts with the products that have an
// order page in the documentation, and those of generated orders. AddProduct returns an error if the name id is not
// a word or the type is empty.
func (s *Server) AddProduct(p Product) error {
	if !isWord(p.NameID) || p.NameID == anyProduct || p.Type == "" {
		return fmt.Errorf("digicerttest: AddProduct %q: the name id must be a word other than %q, and the type %q must not be empty", p.NameID, anyProduct, p.Type)
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.putProduct(p)
	return nil
}

func (s *state) putProduct(p Product) {
	setDefault(&p.Name, p.NameID)
	s.offers = slices.DeleteFunc(s.offers, func(other *Product) bool { return other.NameID == p.NameID })
	s.offers = append(s.offers, &p)
	slices.SortFunc(s.offers, func(a, b *Product) int { return cmp.Compare(a.NameID, b.NameID) })
}

// product returns a product, or nil. The caller holds the lock.
func (s *state) product(nameID string) *Product {
	if i := slices.IndexFunc(s.offers, func(p *Product) bool { return p.NameID == nameID }); i >= 0 {
		return s.offers[i]
	}
	return nil
}

// productOfType returns the product that the service chooses for a type_hint, or nil.
func (s *state) productOfType(hint string) *Product {
	switch strings.ToLower(hint) {
	case "dv":
		return s.product("ssl_dv_geotrust")
	case "", "ov":
		return s.product("ssl_plus")
	case "ev":
		return s.product("ssl_ev_plus")
	case "wildcard":
		return s.product("ssl_wildcard")
	}
	return nil
}

// isTLS reports whether a product type is for TLS.
func isTLS(productType string) bool {
	return productType == "ssl_certificate" || productType == dvType || productType == "private_ssl_certificate"
}

func (p *Product) tls() bool               { return isTLS(p.Type) }
func (p *Product) needsOrganization() bool { return p.Type != dvType && p.Type != "client_certificate" }
func (p *Product) duplicates() bool        { return p.tls() && !p.NoDuplicates }

func (o *order) tls() bool { return isTLS(o.product.Type) }

// price returns the price for a number of years.
func (p *Product) price(years int) digicert.Price {
	return digicert.Price{Cost: decimal.NewFromInt(p.Price * int64(max(years, 1))), Currency: "USD"}
}

// listProducts handles GET /product.
func (s *Server) listProducts(r *request) (render, *failure) {
	r.query.int("container_id", 1, maxID)
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	rows := make([][]byte, len(s.state.offers))
	for i, p := range s.state.offers {
		rows[i] = append(p.append(nil), '}')
	}
	return func(b []byte, fx effects) []byte {
		return appendRows(b, "products", len(rows), fx, func(b []byte, i int) []byte { return append(b, rows[i]...) })
	}, nil
}

// productInfo handles GET /product/{name_id}.
func (s *Server) productInfo(r *request) (render, *failure) {
	r.query.int("container_id", 1, maxID)
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	p := s.state.product(r.word)
	if p == nil {
		return nil, errNoProduct
	}
	b := p.append(nil)
	b = appendBool(b, `,"duplicates_allowed":`, p.duplicates())
	b = appendBool(b, `,"additional_dns_names_allowed":`, p.tls())
	b = appendPlatformObject(append(b, `,"server_platforms":[`...), anyPlatform)
	return whole(append(b, "]}"...)), nil
}

// append appends a product without its closing brace.
func (p *Product) append(b []byte) []byte {
	b = appendText(b, `{"name_id":`, p.NameID)
	b = appendText(b, `,"name":`, p.Name)
	b = appendText(b, `,"type":`, p.Type)
	years := `[1,2,3]`
	b = append(append(b, `,"allowed_validity_years":`...), years...)
	b = append(append(b, `,"allowed_order_validity_years":`...), years...)
	b = append(b, `,"signature_hash_types":{"allowed_hash_types":[`...)
	for i, hash := range signatureHashes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"id":`, hash)
		b = append(appendText(b, `,"name":`, hash), '}')
	}
	b = append(b, `],"default_hash_type_id":"sha256"}`...)
	b = appendText(b, `,"allowed_ca_certs":[{"id":`, caCertID)
	b = append(appendText(b, `,"name":`, intermediateName), "}]"...)
	return appendBool(b, `,"csr_required":`, p.tls())
}
