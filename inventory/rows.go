// The rows of orders and certificates, and how each response of the service is converted to them.

package inventory

import (
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// text, number and truth are columns that may be NULL.
type (
	text   = sql.Null[string]
	number = sql.Null[int64]
	truth  = sql.Null[bool]
)

// orderRow is a row of the table orders. Rows are compared with ==.
type orderRow struct {
	id                 int64
	source             string
	subaccount         number
	status             string
	certificate        number
	commonName         string
	product            number
	organization       number
	container          number
	dateCreated        text
	dateIssued         text
	validTill          text
	validityYears      number
	price              text
	currency           text
	paymentMethod      text
	sans               number
	isRenewed          truth
	renewedOrder       number
	isMultiYearPlan    truth
	autoRenew          number
	notificationsOff   truth
	alternativeOrderID text
	reissues           number
	duplicates         number
	reissuesRead       number
	duplicatesRead     number
	firstSeenAt        string
	readAt             text
	removedAt          text
}

var orderTable = table[orderRow]{
	name: "orders",
	key:  "id",
	columns: []string{
		"id", "source", "subaccount_id", "status", "certificate_id", "common_name", "product_id", "organization_id", "container_id",
		"date_created", "date_issued", "order_valid_till", "validity_years", "price", "currency", "payment_method", "number_of_sans",
		"is_renewed", "renewed_order_id", "is_multi_year_plan", "auto_renew", "notifications_off", "alternative_order_id",
		"reissues_count", "duplicates_count", "reissues_read", "duplicates_read", "first_seen_at", "read_at", "removed_at",
	},
	values: func(args []any, r *orderRow) []any {
		return append(args,
			r.id, r.source, value(r.subaccount), r.status, value(r.certificate), r.commonName, value(r.product), value(r.organization), value(r.container),
			value(r.dateCreated), value(r.dateIssued), value(r.validTill), value(r.validityYears), value(r.price), value(r.currency), value(r.paymentMethod), value(r.sans),
			value(r.isRenewed), value(r.renewedOrder), value(r.isMultiYearPlan), value(r.autoRenew), value(r.notificationsOff), value(r.alternativeOrderID),
			value(r.reissues), value(r.duplicates), value(r.reissuesRead), value(r.duplicatesRead), r.firstSeenAt, value(r.readAt), value(r.removedAt))
	},
	fields: func(r *orderRow) []any {
		return []any{
			&r.id, &r.source, &r.subaccount, &r.status, &r.certificate, &r.commonName, &r.product, &r.organization, &r.container,
			&r.dateCreated, &r.dateIssued, &r.validTill, &r.validityYears, &r.price, &r.currency, &r.paymentMethod, &r.sans,
			&r.isRenewed, &r.renewedOrder, &r.isMultiYearPlan, &r.autoRenew, &r.notificationsOff, &r.alternativeOrderID,
			&r.reissues, &r.duplicates, &r.reissuesRead, &r.duplicatesRead, &r.firstSeenAt, &r.readAt, &r.removedAt,
		}
	},
}

// certificateRow is a row of the table certificates.
type certificateRow struct {
	id            int64
	order         int64
	kind          string
	status        text
	commonName    string
	dnsNames      string // a JSON array
	serialNumber  text
	thumbprint    text
	validFrom     text
	validTill     text
	dateIssued    text
	signatureHash text
	keySize       number
	caName        text
}

var certificateTable = table[certificateRow]{
	name: "certificates",
	key:  "id",
	columns: []string{
		"id", "order_id", "kind", "status", "common_name", "dns_names", "serial_number", "thumbprint",
		"valid_from", "valid_till", "date_issued", "signature_hash", "key_size", "ca_name",
	},
	values: func(args []any, r *certificateRow) []any {
		return append(args,
			r.id, r.order, r.kind, value(r.status), r.commonName, r.dnsNames, value(r.serialNumber), value(r.thumbprint),
			value(r.validFrom), value(r.validTill), value(r.dateIssued), value(r.signatureHash), value(r.keySize), value(r.caName))
	},
	fields: func(r *certificateRow) []any {
		return []any{
			&r.id, &r.order, &r.kind, &r.status, &r.commonName, &r.dnsNames, &r.serialNumber, &r.thumbprint,
			&r.validFrom, &r.validTill, &r.dateIssued, &r.signatureHash, &r.keySize, &r.caName,
		}
	},
}

// value returns the value of a column, or nil for NULL. It is faster than driver.Valuer.
func value[T any](v sql.Null[T]) any {
	if !v.Valid {
		return nil
	}
	return v.V
}

func some[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// given returns NULL for the zero value, which was not sent.
func given[T comparable](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: v != *new(T)} }

func givenID[T ~int | ~int64](v T) number { return given(int64(v)) }

func givenText[T ~string](v T) text { return given(clean(string(v))) }

func givenMoment(t time.Time) text {
	if t.IsZero() {
		return text{}
	}
	return some(formatMoment(t))
}

func count(n *int) number {
	if n == nil {
		return number{}
	}
	return some(int64(*n))
}

// amount returns an amount with the digits that were sent. An amount that was not sent is the zero Decimal; a zero that was sent is not.
func amount(d decimal.Decimal) text {
	if d == (decimal.Decimal{}) {
		return text{}
	}
	return some(d.StringFixed(max(0, -d.Exponent())))
}

// found is what a response says about an order and its primary certificate.
type found struct {
	order        orderRow
	certificate  certificateFound // none if its id is 0
	from         source
	subaccount   digicert.Subaccount
	product      digicert.Product
	organization named
	container    named
}

// named is an organization or a container.
type named struct {
	id   int64
	name string
}

func cleanProduct(p digicert.Product) digicert.Product {
	return digicert.Product{NameID: clean(p.NameID), Name: clean(p.Name), Type: clean(p.Type)}
}

func cleanSubaccount(s digicert.Subaccount) digicert.Subaccount {
	return digicert.Subaccount{AccountID: s.AccountID, AccountType: digicert.AccountType(clean(string(s.AccountType))), OrganizationName: clean(s.OrganizationName)}
}

// certificateFound is what a response says about a certificate.
type certificateFound struct {
	certificateRow
	from  source
	names []string // DNS names as sent
}

// Whose an order is: the column source.
const (
	sourceOwn        = "own"
	sourceSubaccount = "subaccount"
	sourceUnknown    = "unknown"
)

// source is the kind of a response. Each kind has other fields.
type source int

const (
	fromOrders          source = iota // a row of the account's own orders
	fromSubaccounts                   // a row of the orders of subaccounts
	fromOrderInfo                     // order info of an order of the account
	fromSubaccountOrder               // order info of an order of a subaccount
	fromReissues                      // a row of the reissues of an order
	fromDuplicates                    // a row of the duplicates of an order
)

func ownOrder(o *digicert.Order, from source) found {
	c := &o.Certificate
	return found{
		from: from, product: cleanProduct(o.Product.Product), organization: named{int64(o.Organization.ID), clean(o.Organization.Name)},
		container: named{int64(o.Container.ID), clean(o.Container.Name)},
		order: orderRow{
			id:                 int64(o.ID),
			source:             sourceOwn,
			status:             clean(string(o.Status)),
			certificate:        givenID(c.ID),
			commonName:         clean(c.CommonName),
			dateCreated:        givenMoment(o.DateCreated),
			dateIssued:         givenMoment(o.DateIssued),
			validTill:          given(o.OrderValidTill.String()),
			validityYears:      givenID(o.ValidityYears),
			price:              amount(o.Price.Decimal),
			currency:           givenText(o.Currency),
			paymentMethod:      givenText(o.PaymentMethod),
			sans:               givenID(o.NumberOfSANs),
			isRenewed:          some(o.IsRenewed),
			renewedOrder:       givenID(o.RenewedOrderID),
			isMultiYearPlan:    some(o.IsMultiYearPlan),
			autoRenew:          number{V: int64(o.AutoRenew), Valid: from == fromOrderInfo},
			notificationsOff:   some(o.DisableRenewalNotifications),
			alternativeOrderID: givenText(o.AlternativeOrderID),
			reissues:           count(o.ReissuesCount),
			duplicates:         count(o.DuplicatesCount),
		},
		certificate: certificateFound{from: from, names: c.DNSNames, certificateRow: certificateRow{
			id:            int64(c.ID),
			order:         int64(o.ID),
			kind:          string(KindOrder),
			status:        givenText(c.Status),
			commonName:    clean(c.CommonName),
			dnsNames:      array(c.DNSNames),
			serialNumber:  given(serialNumber(c.SerialNumber)),
			thumbprint:    givenText(c.Thumbprint),
			validFrom:     given(c.ValidFrom.String()),
			validTill:     given(c.ValidTill.String()),
			dateIssued:    givenMoment(c.DateIssued),
			signatureHash: givenText(c.SignatureHash),
			keySize:       givenID(c.KeySize),
			caName:        givenText(c.CACert.Name),
		}},
	}
}

func subaccountOrder(o *digicert.SubaccountOrder, from source) found {
	c := &o.Certificate
	return found{
		from: from, product: cleanProduct(o.Product), organization: named{int64(o.Organization.ID), clean(o.Organization.Name)},
		subaccount: cleanSubaccount(o.Subaccount),
		order: orderRow{
			id:              int64(o.ID),
			source:          sourceSubaccount,
			subaccount:      givenID(o.Subaccount.AccountID),
			status:          clean(string(o.Status)),
			certificate:     givenID(c.ID),
			commonName:      clean(c.CommonName),
			dateCreated:     givenMoment(o.DateCreated),
			dateIssued:      givenMoment(o.DateIssued),
			validTill:       given(o.OrderValidTill.String()),
			validityYears:   givenID(o.ValidityYears),
			price:           amount(o.OrderPrice.Cost),
			currency:        givenText(o.OrderPrice.Currency),
			sans:            givenID(o.NumberOfSANs),
			isMultiYearPlan: truth{V: o.IsMultiYearPlan, Valid: from == fromSubaccountOrder},
		},
		certificate: certificateFound{from: from, names: c.DNSNames, certificateRow: certificateRow{
			id:            int64(c.ID),
			order:         int64(o.ID),
			kind:          string(KindOrder),
			commonName:    clean(c.CommonName),
			dnsNames:      array(c.DNSNames),
			serialNumber:  given(serialNumber(c.SerialNumber)),
			thumbprint:    givenText(c.Thumbprint),
			validTill:     given(c.ValidTill.String()),
			signatureHash: givenText(c.SignatureHash),
			caName:        givenText(c.CACert.Name),
		}},
	}
}

func reissue(id digicert.OrderID, r *digicert.Reissue) certificateFound {
	return certificateFound{from: fromReissues, names: r.DNSNames, certificateRow: certificateRow{
		id: int64(r.ID), order: int64(id), kind: string(KindReissue), status: givenText(r.Status),
		commonName: clean(r.CommonName), dnsNames: array(r.DNSNames), serialNumber: given(serialNumber(r.SerialNumber)), thumbprint: givenText(r.Thumbprint),
		validTill: given(r.ValidTill.String()), dateIssued: givenMoment(r.DateIssued), keySize: givenID(r.KeySize),
	}}
}

func duplicate(id digicert.OrderID, d *digicert.Duplicate) certificateFound {
	return certificateFound{from: fromDuplicates, names: d.DNSNames, certificateRow: certificateRow{
		id: int64(d.ID), order: int64(id), kind: string(KindDuplicate), status: givenText(d.Status),
		commonName: clean(d.CommonName), dnsNames: array(d.DNSNames), serialNumber: given(serialNumber(d.SerialNumber)), thumbprint: givenText(d.Thumbprint),
		validFrom: given(d.ValidFrom.String()), validTill: given(d.ValidTill.String()), dateIssued: givenMoment(d.DateIssued),
		signatureHash: givenText(d.SignatureHash), keySize: givenID(d.KeySize),
	}}
}

// keepOrder copies from the old row the columns that a response of this kind does not have.
func (r *orderRow) keepOrder(old *orderRow, from source) {
	r.firstSeenAt, r.reissuesRead, r.duplicatesRead = old.firstSeenAt, old.reissuesRead, old.duplicatesRead
	if (from == fromOrders || from == fromOrderInfo) && old.source == sourceSubaccount {
		r.source, r.subaccount = old.source, old.subaccount // both lists may have it; see session.moved
	}
	if from == fromOrders || from == fromSubaccounts {
		r.readAt = old.readAt
	}
	if from != fromOrderInfo {
		r.paymentMethod, r.renewedOrder, r.autoRenew, r.alternativeOrderID = old.paymentMethod, old.renewedOrder, old.autoRenew, old.alternativeOrderID
	}
	switch from {
	case fromOrders:
		r.dateIssued, r.currency = old.dateIssued, old.currency
	case fromOrderInfo:
		r.sans = old.sans
		if !r.reissues.Valid {
			r.reissues = old.reissues
		}
		if !r.duplicates.Valid {
			r.duplicates = old.duplicates
		}
		if !r.currency.Valid { // not always sent
			r.currency = old.currency
		}
	case fromSubaccounts:
		r.organization, r.validTill, r.isMultiYearPlan = old.organization, old.validTill, old.isMultiYearPlan
		fallthrough
	default:
		r.container, r.isRenewed, r.notificationsOff, r.reissues, r.duplicates = old.container, old.isRenewed, old.notificationsOff, old.reissues, old.duplicates
	}
}

// keep copies from the old row the columns that a response of this kind does not have.
func (c *certificateFound) keep(old *certificateRow) {
	r := &c.certificateRow
	switch c.from {
	case fromOrders:
		r.kind, r.status, r.thumbprint, r.dateIssued, r.keySize, r.caName = old.kind, old.status, old.thumbprint, old.dateIssued, old.keySize, old.caName
	case fromSubaccounts:
		r.kind, r.status, r.validFrom, r.dateIssued, r.keySize, r.caName = old.kind, old.status, old.validFrom, old.dateIssued, old.keySize, old.caName
	case fromSubaccountOrder:
		r.kind, r.status, r.validFrom, r.dateIssued, r.keySize = old.kind, old.status, old.validFrom, old.dateIssued, old.keySize
	case fromOrderInfo:
		r.kind = old.kind // a reissue may have become the primary certificate
	case fromReissues:
		r.validFrom, r.signatureHash, r.caName = old.validFrom, old.signatureHash, old.caName
	case fromDuplicates:
		r.caName = old.caName
	}
	if old.kind != string(KindOrder) && !r.serialNumber.Valid {
		// It was issued. In some statuses the order does not show that.
		r.serialNumber, r.thumbprint, r.validFrom, r.validTill, r.dateIssued = old.serialNumber, old.thumbprint, old.validFrom, old.validTill, old.dateIssued
	}
}

// array returns names as a JSON array. Most names need no escapes, and this is much faster than package json.
func array(names []string) string {
	size := 2
	plain := true
	for _, name := range names {
		size += len(name) + 3
		for i := range len(name) {
			plain = plain && name[i] >= ' ' && name[i] < 0x7f && name[i] != '"' && name[i] != '\\'
		}
	}
	if !plain {
		return anyArray(names)
	}
	b := make([]byte, 0, size)
	b = append(b, '[')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), '"')
	}
	return string(append(b, ']'))
}

func anyArray(names []string) string {
	cleaned := make([]string, len(names))
	for i, name := range names {
		cleaned[i] = clean(name)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(cleaned); err != nil {
		panic(err) // strings can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// stored returns the names of a certificate for the table names, each once.
func (c *certificateFound) stored() []string {
	names := make([]string, 0, len(c.names)+1)
	add := func(name string) {
		if name = dnsName(name); name != "" && len(name) <= maxName {
			names = append(names, name)
		}
	}
	add(c.commonName)
	for _, name := range c.names {
		add(name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
