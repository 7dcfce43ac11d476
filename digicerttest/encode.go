package digicerttest

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-digicert/digicert"
)

// The encoder appends to a buffer straight from the records. A page of 1000 orders is written in
// about a millisecond this way, so that a program under test and not its fake is what gets
// measured.

// appendString appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error only tells of bad UTF-8
	return b
}

// appendText appends a member, as all of its kind with its comma in front.
func appendText(b []byte, name, value string) []byte {
	return appendString(append(b, name...), value)
}

// appendGiven appends a member unless it is empty, for then the service leaves out its key.
func appendGiven(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(b, name, value)
}

func appendInt[T ~int | ~int64](b []byte, name string, value T) []byte {
	return strconv.AppendInt(append(b, name...), int64(value), 10)
}

func appendBool(b []byte, name string, value bool) []byte {
	return strconv.AppendBool(append(b, name...), value)
}

func appendList(b []byte, name string, values []string) []byte {
	b = append(append(b, name...), '[')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, value)
	}
	return append(b, ']')
}

// appendTime appends a time in the documented shape, 2019-05-07T09:33:08+00:00.
func appendTime(b []byte, name string, t time.Time) []byte {
	t = t.UTC()
	year, month, dayOfMonth := t.Date()
	hour, minute, second := t.Clock()
	b = append(b, name...)
	b = append(b, '"')
	b = append2(append(append2(append(append2(append2(b, year/100), year%100), '-'), int(month)), '-'), dayOfMonth)
	b = append2(append(append2(append(append2(append(b, 'T'), hour), ':'), minute), ':'), second)
	return append(b, `+00:00"`...)
}

// appendDay appends a day in the documented shape, 2020-06-15.
func appendDay(b []byte, name string, d day) []byte {
	n := int(d)
	b = append(b, name...)
	b = append(b, '"')
	b = append2(append(append2(append(append2(append2(b, n/1000000), n/10000%100), '-'), n/100%100), '-'), n%100)
	return append(b, '"')
}

// append2 appends a number in two digits.
func append2(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// appendOrder appends a row of the subaccount orders, with the members in the order of the
// documented sample.
func appendOrder(b []byte, o *order) []byte { return append(appendOrderOpen(b, o, false), '}') }

// appendSubaccountOrder appends one order of a subaccount: its row and what only the order info has.
func appendSubaccountOrder(b []byte, o *order) []byte {
	b = appendOrderOpen(b, o, true)
	b = appendOrganization(b, o, appendOrganizationNames)
	b = appendMultiYear(b, o)
	if from := o.issuedOn(); from != 0 {
		b = appendDay(b, `,"order_valid_from":`, from)
		b = appendDay(b, `,"order_valid_till":`, o.endsOn())
	}
	return append(b, '}')
}

// appendOrderOpen appends the members of a row, with or without who signs its certificate.
func appendOrderOpen(b []byte, o *order, withCA bool) []byte {
	b = appendInt(b, `{"id":`, o.id)
	shown := o.showsIssue()
	if o.account.immediate {
		c := &o.certificate
		b = appendInt(b, `,"certificate":{"id":`, c.id)
		if shown {
			b = appendGiven(b, `,"thumbprint":`, c.thumbprint)
			b = appendGiven(b, `,"serial_number":`, c.serialNumber)
		}
		b = appendText(b, `,"common_name":`, c.commonName)
		b = append(append(b, `,"dns_names":`...), c.dnsNames...)
		if shown && c.validTill != 0 {
			b = appendDay(b, `,"valid_till":`, c.validTill)
		}
		if c.units != "" {
			b = append(append(b, `,"organization_units":`...), c.units...)
		}
		b = appendText(b, `,"signature_hash":`, c.hash)
		if withCA {
			b = appendCACert(b)
		}
		b = append(b, '}')
	}
	b = append(append(b, `,"subaccount":`...), o.account.json...)
	b = append(append(b, `,"product":`...), o.product.json...)
	b = append(append(b, `,"order_price":`...), o.price.json...)
	b = appendText(b, `,"status":`, string(o.status))
	b = appendInt(b, `,"number_of_sans":`, o.sans)
	b = appendTime(b, `,"date_created":`, o.created)
	if shown && !o.issued.IsZero() {
		b = appendTime(b, `,"date_issued":`, o.issued)
	}
	return appendInt(b, `,"validity_years":`, o.validityYears)
}

// appendPage appends the documented page object as the last member of the answer.
func appendPage(b []byte, total, limit, offset int) []byte {
	b = appendInt(b, `"page":{"total":`, total)
	b = appendInt(b, `,"limit":`, limit)
	return append(appendInt(b, `,"offset":`, offset), "}}"...)
}

// appendReissue appends a row of the reissues of an order. withArchived is whether the request
// knows of archived rows: the sample, which is older than they are, lacks the field.
func appendReissue(b []byte, r *digicert.Reissue, now time.Time, withArchived bool) []byte {
	issued := issued(digicert.CertificateStatus(r.Status))
	b = appendInt(b, `{"id":`, r.ID)
	if issued {
		b = appendGiven(b, `,"thumbprint":`, r.Thumbprint)
		b = appendGiven(b, `,"serial_number":`, r.SerialNumber)
	}
	b = appendText(b, `,"common_name":`, r.CommonName)
	b = appendList(b, `,"dns_names":`, r.DNSNames)
	b = appendText(b, `,"status":`, string(r.Status))
	b = appendTime(b, `,"date_created":`, r.DateCreated)
	if issued && !r.DateIssued.IsZero() {
		b = appendTime(b, `,"date_issued":`, r.DateIssued)
	}
	if issued && !r.ValidTill.IsZero() {
		b = appendDay(b, `,"valid_till":`, dayOf(r.ValidTill))
		b = appendInt(b, `,"days_remaining":`, daysRemaining(r.DaysRemaining, r.ValidTill, now))
	}
	b = appendGiven(b, `,"csr":`, r.CSR)
	b = appendInt(b, `,"key_size":`, r.KeySize)
	if withArchived {
		archived := 0
		if r.Archived {
			archived = 1
		}
		b = appendInt(b, `,"archived":`, archived)
	}
	if r.UserID != 0 {
		b = appendInt(b, `,"user_id":`, r.UserID)
	}
	b = appendGiven(b, `,"email":`, r.Email)
	b = appendGiven(b, `,"firstname":`, r.FirstName)
	b = appendGiven(b, `,"lastname":`, r.LastName)
	if issued {
		b = appendGiven(b, `,"receipt_id":`, r.ReceiptID)
		b = appendText(b, `,"purchased_dns_names":`, count(r.PurchasedDNSNames))
		b = appendText(b, `,"purchased_wildcard_names":`, count(r.PurchasedWildcardNames))
	}
	return append(b, '}')
}

// daysRemaining is the number that was given for a row, which stands still as in the documented
// sample, or else that of the day.
func daysRemaining(given *int, till digicert.Date, now time.Time) int {
	if given != nil {
		return *given
	}
	today := digicert.DateOf(now.UTC()).In(time.UTC)
	return int(till.In(time.UTC).Sub(today) / (24 * time.Hour))
}

// count writes a number of purchased names as the service does; nil is none.
func count(n *int) string {
	if n == nil {
		return "0"
	}
	return strconv.Itoa(*n)
}

// appendChange appends a row of the status changes.
func appendChange(b []byte, o *order) []byte {
	b = appendInt(b, `{"order_id":`, o.id)
	b = appendInt(b, `,"certificate_id":`, o.certificate.id)
	return append(appendText(b, `,"status":`, string(o.status)), '}')
}

// appendErrors appends the documented error body.
func appendErrors(b []byte, details []digicert.ErrorDetail) []byte {
	b = append(b, `{"errors":[`...)
	for i, d := range details {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"code":`, string(d.Code))
		b = append(appendText(b, `,"message":`, d.Message), '}')
	}
	return append(b, "]}"...)
}
