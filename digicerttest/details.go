// Details of orders that a request placed or changed.

package digicerttest

import (
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// details are the fields of an order that requests set. The lock of the state guards them.
type details struct {
	alternativeID    string
	organization     *Organization // nil: the default of its owner
	container        *container    // nil: the default of its owner
	csr              csr           // of the primary certificate; zero: derived from its id
	withoutCSR       bool          // whether the order still needs a CSR
	platform         int64         // the server platform; 0: the default
	validity         validity      // of the order
	certificate      validity      // of its certificates; zero: that of the order
	end              day           // the last day of the order; 0 until issued
	issued           time.Time     // of the primary certificate; zero: the time of issue of the order
	dcv              dcv
	approvals        []*approval // oldest first; nil: derived from the status
	waiting          []*issuance // reissues and duplicates that are not issued
	former           []leaf      // primary certificates that a reissue replaced
	revoked          []digicert.CertificateID
	renewalOf        digicert.OrderID
	renewedBy        digicert.OrderID
	paymentMethod    string
	autoRenew        int
	autoReissue      int
	silent           bool // renewal notifications are disabled
	additionalEmails []string
	customFields     []customField
}

type customField struct {
	metadataID int64
	value      string
}

// more returns the details of an order for writing. It adds them if there are none.
func (o *order) more() *details {
	if o.details == nil {
		o.details = new(details)
	}
	return o.details
}

// some returns the details of an order for reading, empty ones if there are none.
func (o *order) some() *details {
	if o.details == nil {
		return &noDetails
	}
	return o.details
}

var noDetails details

// csrPEM returns the CSR of the primary certificate.
func (o *order) csrPEM() string {
	d := o.some()
	if d.csr.pem == "" && !d.withoutCSR {
		return derivedCSR(o.certificate.id, o.certificate.commonName, o.certificate.names())
	}
	return d.csr.pem
}

// isRevoked reports whether a certificate of the order was revoked.
func (o *order) isRevoked(id digicert.CertificateID) bool {
	return slices.Contains(o.some().revoked, id)
}

// validity is the requested validity of an order or a certificate. At most one field is set.
type validity struct {
	years, days int
	until       day
}

// last returns the last day of a validity that starts at from. The default is a year.
func (v validity) last(from time.Time) day {
	switch {
	case v.until != 0:
		return v.until
	case v.days != 0:
		return dayOf(digicert.DateOf(from.AddDate(0, 0, v.days)))
	}
	return dayOf(endOfValidity(from, v.years))
}

// certificateDays returns the maximum validity, in days, of a certificate that is issued at a time; 0 is no
// limit. Documented are 199 for public TLS since 2026-02-24, decreasing to 46 by 2029, and 459 for code
// signing. The steps between, and 397 before, are those of the CA/Browser Forum.
func certificateDays(productType string, at time.Time) int {
	switch productType {
	case "code_signing_certificate":
		return 459
	case "ssl_certificate", dvType:
	default:
		return 0
	}
	for _, step := range []struct{ year, days int }{{2029, 46}, {2027, 99}, {2026, 199}} {
		if !at.Before(time.Date(step.year, 2, 24, 0, 0, 0, 0, time.UTC)) {
			return step.days
		}
	}
	return 397
}

// certificateEnd returns the last day of a certificate that is issued at a time: the earliest of the last day of the
// order, of the requested validity and of the maximum validity.
func (o *order) certificateEnd(at time.Time, asked validity) day {
	end := o.some().end
	if end == 0 {
		end = o.endsOn()
	}
	if asked != (validity{}) {
		end = min(end, asked.last(at))
	}
	if days := certificateDays(o.product.Type, at); days > 0 {
		end = min(end, dayOf(digicert.DateOf(at.AddDate(0, 0, days))))
	}
	return end
}
