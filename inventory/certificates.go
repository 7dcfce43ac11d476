// Certificates, and how to select them.

package inventory

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/go-digicert/digicert"
)

// Kind is the kind of a certificate.
type Kind string

// The kinds of certificates.
const (
	KindOrder     Kind = "order"     // is or was the primary certificate of its order
	KindReissue   Kind = "reissue"   // one of the reissues of its order; it may be the primary certificate now
	KindDuplicate Kind = "duplicate" // one of the duplicates of its order
)

// Certificate is a certificate with data of its order. Fields that the service did not send are zero.
type Certificate struct {
	ID        digicert.CertificateID     `json:"id"`
	OrderID   digicert.OrderID           `json:"order_id"`
	Kind      Kind                       `json:"kind"`
	IsPrimary bool                       `json:"is_primary,omitzero"` // whether it is the primary certificate of its order
	InUse     bool                       `json:"in_use,omitzero"`     // see [Filter.InUse]
	Status    digicert.OrderStatus       `json:"status,omitzero"`     // of the order
	OwnStatus digicert.CertificateStatus `json:"own_status,omitzero"` // of the certificate; often not known

	CommonName    string        `json:"common_name,omitzero"`
	DNSNames      []string      `json:"dns_names"`              // never nil
	SerialNumber  string        `json:"serial_number,omitzero"` // hexadecimal, in upper case
	Thumbprint    string        `json:"thumbprint,omitzero"`
	ValidFrom     digicert.Date `json:"valid_from,omitzero"` // the first day
	ValidTill     digicert.Date `json:"valid_till,omitzero"` // the last day
	SignatureHash string        `json:"signature_hash,omitzero"`
	KeySize       int           `json:"key_size,omitzero"` // bits

	OrderValidTill digicert.Date         `json:"order_valid_till,omitzero"` // the last day of the order
	DateCreated    time.Time             `json:"date_created,omitzero"`     // of the order; UTC
	Product        digicert.Product      `json:"product,omitzero"`
	Organization   digicert.Organization `json:"organization,omitzero"` // ID and Name
	Container      digicert.Container    `json:"container,omitzero"`    // ID and Name
	Subaccount     digicert.Subaccount   `json:"subaccount,omitzero"`   // zero for orders of the account itself
	IsRenewed      bool                  `json:"is_renewed,omitzero"`
	RemovedAt      time.Time             `json:"removed_at,omitzero"` // when a sync found that its order was removed
}

// Filter selects certificates. The zero value selects all but those of removed orders. All conditions that are set must hold.
type Filter struct {
	ValidTill digicert.DateRange // the last day of the certificate
	// Name selects certificates for this DNS name: it is the common name or a DNS name, or a wildcard covers it. Case and a final dot
	// do not matter. A name in another script may be written as such or in A-labels ("xn--…"). "*.example.com" selects certificates
	// for that wildcard.
	Name         string
	NameContains string // a part of the common name or a DNS name, of names up to 253 bytes; case does not matter
	SerialNumber string // hexadecimal; case, colons, spaces, leading zeros and "0x" do not matter
	OrderID      digicert.OrderID
	Subaccount   digicert.AccountID // the orders of this subaccount
	Own          bool               // the orders of the account itself
	Product      string             // the product's name id, such as "ssl_plus"
	Status       digicert.OrderStatus
	// InUse selects certificates that somebody relies on: the primary certificate of an order that is issued or waits for a reissue,
	// unless it is revoked or the order was renewed, and issued duplicates of such an order. They may have expired; see ValidTill.
	InUse   bool
	Removed bool // also select certificates of removed orders
}

// wildcard returns the wildcard that covers a DNS name. A wildcard covers one label.
func wildcard(name string) (string, bool) {
	first, rest, found := strings.Cut(name, ".")
	return "*." + rest, found && first != "*" && strings.Contains(rest, ".")
}

// idnaForms converts names to A-labels and to U-labels.
var idnaForms = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// dnsNames returns the names with which a certificate is for a DNS name.
func dnsNames(name string) []any {
	name = dnsName(name)
	names := []string{name}
	for _, convert := range []func(string) (string, error){idnaForms.ToASCII, idnaForms.ToUnicode} {
		if other, err := convert(name); err == nil {
			names = append(names, other)
		}
	}
	for _, name := range names {
		if covering, ok := wildcard(name); ok {
			names = append(names, covering)
		}
	}
	return distinct(names)
}

// serialNumbers returns the forms in which a serial number may be stored.
func serialNumbers(s string) []any {
	s = serialNumber(s)
	digits := strings.TrimLeft(strings.TrimPrefix(s, "0X"), "0")
	return distinct([]string{s, digits, "0" + digits, "00" + digits})
}

// distinct returns each text once.
func distinct(texts []string) []any {
	slices.Sort(texts)
	texts = slices.Compact(texts)
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// check returns an error if the range of days is invalid.
func (f *Filter) check() error {
	from, to := f.ValidTill.From, f.ValidTill.To
	for _, d := range []digicert.Date{from, to} {
		if _, err := d.MarshalText(); err != nil {
			return fmt.Errorf("Filter.ValidTill: %s is not a valid date", d)
		}
	}
	if !to.IsZero() && to.Before(from) {
		return fmt.Errorf("Filter.ValidTill: the range ends on %s, before it starts on %s", to, from)
	}
	return nil
}

// where returns the conditions of a query on the view inventory, and their parameters.
func (f *Filter) where() (conditions []string, args []any) {
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	if !f.Removed {
		add("i.removed_at IS NULL")
	}
	if !f.ValidTill.From.IsZero() {
		add("i.valid_till >= ?", f.ValidTill.From.String())
	}
	if !f.ValidTill.To.IsZero() {
		add("i.valid_till <= ?", f.ValidTill.To.String())
	}
	if f.Name != "" {
		names := dnsNames(f.Name)
		add("i.certificate_id IN (SELECT certificate_id FROM names WHERE name IN ("+marks(len(names))+"))", names...)
	}
	if f.NameContains != "" {
		add("i.certificate_id IN (SELECT certificate_id FROM names WHERE {position}(name, ?) > 0)", strings.ToLower(clean(f.NameContains)))
	}
	if f.SerialNumber != "" {
		numbers := serialNumbers(f.SerialNumber)
		add("i.serial_number IN ("+marks(len(numbers))+")", numbers...)
	}
	if f.OrderID != 0 {
		add("i.order_id = ?", int64(f.OrderID))
	}
	if f.Subaccount != 0 {
		add("i.subaccount_id = ?", int64(f.Subaccount))
	}
	if f.Own {
		add("i.source = 'own'")
	}
	if f.Product != "" {
		add("i.product = ?", clean(f.Product))
	}
	if f.Status != "" {
		add("i.status = ?", clean(string(f.Status)))
	}
	if f.InUse {
		add("i.in_use")
	}
	return conditions, args
}

// Certificates yields the certificates that filter selects, each once, then at most one error. They are sorted by their last day if
// Filter.ValidTill is set, otherwise by their ids. They are read while the loop runs, from one state of the database. An invalid
// Filter.ValidTill is an error.
func (inv *Inventory) Certificates(ctx context.Context, filter Filter) iter.Seq2[Certificate, error] {
	if err := filter.check(); err != nil {
		return func(yield func(Certificate, error) bool) { yield(Certificate{}, fmt.Errorf("inventory: %w", err)) }
	}
	conditions, args := filter.where()
	query := "SELECT " + certificateColumns + " FROM inventory i"
	if len(conditions) > 0 {
		query += " WHERE " + strings.Join(conditions, " AND ")
	}
	query += " ORDER BY i.certificate_id"
	if !filter.ValidTill.IsZero() {
		query = strings.TrimSuffix(query, "i.certificate_id") + "i.valid_till, i.certificate_id"
	}
	return rowsOf(ctx, inv, inv.types.Replace(query), args, scanCertificate)
}

const certificateColumns = `i.certificate_id, i.order_id, i.kind, i.is_primary, i.in_use, i.status, i.certificate_status,
	i.common_name, i.dns_names, i.serial_number, i.thumbprint, i.valid_from, i.valid_till, i.signature_hash, i.key_size,
	i.order_valid_till, i.date_created, i.product, i.product_name, i.product_type, i.organization_id, i.organization, i.container_id, i.container,
	i.subaccount_id, i.subaccount_type, i.subaccount, i.is_renewed, i.removed_at`

func scanCertificate(rows *sql.Rows) (Certificate, error) {
	var c Certificate
	var dnsNames string
	err := rows.Scan(&c.ID, &c.OrderID, &c.Kind, &c.IsPrimary, &c.InUse, &c.Status, orZero(&c.OwnStatus),
		&c.CommonName, &dnsNames, orZero(&c.SerialNumber), orZero(&c.Thumbprint), day(&c.ValidFrom), day(&c.ValidTill), orZero(&c.SignatureHash), orZero(&c.KeySize),
		day(&c.OrderValidTill), moment(&c.DateCreated), orZero(&c.Product.NameID), orZero(&c.Product.Name), orZero(&c.Product.Type),
		orZero(&c.Organization.ID), orZero(&c.Organization.Name), orZero(&c.Container.ID), orZero(&c.Container.Name),
		orZero(&c.Subaccount.AccountID), orZero(&c.Subaccount.AccountType), orZero(&c.Subaccount.OrganizationName), orZero(&c.IsRenewed), moment(&c.RemovedAt))
	if err == nil {
		err = json.Unmarshal([]byte(dnsNames), &c.DNSNames)
	}
	if err != nil {
		return Certificate{}, fmt.Errorf("certificate %d: %w", c.ID, err)
	}
	return c, nil
}
