// The reissues and duplicates of generated orders, derived on demand.

package digicerttest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-digicert/digicert"
)

// generatedReissues returns the reissues of a generated order. They are derived again in each call,
// because storing them would take more memory than the order.
func (o *order) generatedReissues() []digicert.Reissue {
	if o.batch == nil || o.issued.IsZero() {
		return nil
	}
	var d random
	d.seed(^o.batch.seed, uint64(o.id))
	if d.below(12) != 0 {
		return nil
	}
	original := o.original()
	var list []digicert.Reissue
	created := o.issued
	for i := range 1 + d.below(4) {
		created = created.Add(24*time.Hour + d.within(90*24*time.Hour))
		if created.After(o.batch.end) {
			break
		}
		person := d.below(len(people))
		r := digicert.Reissue{
			ID:          original.id + digicert.CertificateID(i) + 1,
			CommonName:  original.commonName,
			DNSNames:    parseList(original.names),
			Status:      digicert.ReissueStatusIssued,
			DateCreated: created,
			KeySize:     derivedKeyBits,
			UserID:      digicert.UserID(1000 + person),
			FirstName:   people[person].first,
			LastName:    people[person].last,
			Email:       people[person].first + "." + people[person].last + "@mail.example",
		}
		switch d.below(10) {
		case 0:
			r.Status = digicert.ReissueStatusRejected
		case 1:
			r.Status = digicert.ReissueStatusPending
		default:
			r.Thumbprint = string(appendHex(nil, &d.pcg, thumbprintLen))
			r.SerialNumber = string(appendHex(nil, &d.pcg, serialLen))
			r.DateIssued = created.Add(d.within(2 * time.Hour))
			r.ValidTill = original.till.date()
			r.ReceiptID = strconv.Itoa(100000 + d.below(1<<16))
			r.PurchasedDNSNames, r.PurchasedWildcardNames = new(0), new(0)
			r.Archived = d.below(4) == 0
		}
		list = append(list, r)
	}
	return list
}

// generated reports whether a certificate is a reissue or duplicate of a generated order.
func (o *order) generated(id digicert.CertificateID) bool {
	if first := o.original().id; id <= first || id >= first+certificatesEach {
		return false
	}
	return slices.ContainsFunc(o.generatedReissues(), func(r digicert.Reissue) bool { return r.ID == id }) ||
		slices.ContainsFunc(o.generatedDuplicates(), func(d digicert.Duplicate) bool { return d.ID == id })
}

// original returns the certificate with which the order was generated. A later reissue may have replaced it.
func (o *order) original() leaf {
	if former := o.some().former; len(former) > 0 {
		return former[0]
	}
	c := &o.certificate
	return leaf{id: c.id, commonName: c.commonName, names: c.dnsNames, till: c.validTill}
}

// generatedDuplicates returns the duplicates of a generated order: one order in twenty has some.
func (o *order) generatedDuplicates() []digicert.Duplicate {
	if o.batch == nil || o.issued.IsZero() {
		return nil
	}
	var d random
	d.seed(o.batch.seed+1, ^uint64(o.id))
	if d.below(20) != 0 {
		return nil
	}
	original := o.original()
	var list []digicert.Duplicate
	for i := range 1 + d.below(maxGeneratedDuplicates) {
		created := o.issued.Add(d.within(90 * 24 * time.Hour))
		if created.After(o.batch.end) {
			break
		}
		person := d.below(len(people))
		row := digicert.Duplicate{
			ID:             original.id + firstGeneratedDuplicate + digicert.CertificateID(i),
			CommonName:     original.commonName,
			DNSNames:       parseList(original.names),
			Status:         statusDuplicate,
			DateCreated:    created,
			DateIssued:     created,
			ValidFrom:      digicert.DateOf(created),
			ValidTill:      original.till.date(),
			Thumbprint:     string(appendHex(nil, &d.pcg, thumbprintLen)),
			SerialNumber:   string(appendHex(nil, &d.pcg, serialLen)),
			KeySize:        derivedKeyBits,
			SignatureHash:  o.certificate.hash,
			ServerPlatform: anyPlatform,
			CACertID:       caCertID,
			SubID:          fmt.Sprintf("%03d", i+1),
			UserID:         digicert.UserID(1000 + person),
			FirstName:      people[person].first,
			LastName:       people[person].last,
			Email:          people[person].first + "." + people[person].last + "@mail.example",
		}
		row.PublicID = hexOf(uint64(row.ID), publicIDLen)
		row.ReceiptID = strconv.FormatInt(int64(row.ID), 10)
		row.PurchasedDNSNames, row.PurchasedWildcardNames = new(0), new(0)
		list = append(list, row)
	}
	return list
}

// The ids of generated duplicates follow those of the reissues of their order, of which there are at most four.
const (
	firstGeneratedDuplicate = 5
	maxGeneratedDuplicates  = certificatesEach - firstGeneratedDuplicate
)
