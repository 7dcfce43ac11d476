// The documented samples, the default content of a server.

package digicerttest

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// addSamples adds the rows of the documented samples, so that the three endpoints return the documented
// bodies. Account 112233 becomes a subaccount of 123445, because its order has no certificate.
func (s *state) addSamples(now time.Time) {
	organization := "Sub account organization"
	immediate := digicert.Subaccount{AccountID: 123445, AccountType: digicert.AccountTypeEnterprise, OrganizationName: organization}
	deeper := digicert.Subaccount{AccountID: 112233, AccountType: digicert.AccountTypeEnterprise, OrganizationName: organization}
	created := time.Date(2019, 4, 1, 9, 30, 0, 0, time.UTC) // before their first order
	_, err := s.addAccount(0, immediate, created)
	must(err)
	_, err = s.addAccount(immediate.AccountID, deeper, created)
	must(err)

	for _, o := range sampleOrders(immediate, deeper) {
		must(s.addOrder(o, now))
	}
	// Not with AddReissue, which would add a date_issued: the documented sample is older than that field.
	s.reissues[123457] = sampleReissues()
	s.addSampleChanges(now)
}

// sampleOrders returns the orders of subaccounts.
func sampleOrders(immediate, deeper digicert.Subaccount) []digicert.SubaccountOrder {
	usd := func(cost int64) digicert.Price {
		return digicert.Price{Cost: decimal.NewFromInt(cost), Currency: "USD"}
	}
	return []digicert.SubaccountOrder{
		{
			ID:            123456,
			Subaccount:    deeper,
			Product:       digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
			OrderPrice:    usd(198),
			Status:        digicert.OrderStatusPending,
			NumberOfSANs:  1,
			DateCreated:   time.Date(2019, 5, 7, 9, 33, 8, 0, time.UTC),
			ValidityYears: 1,
		},
		{
			ID: 123457,
			Certificate: digicert.OrderCertificate{
				ID:                101015,
				Thumbprint:        "03F6",
				SerialNumber:      "0FDA",
				CommonName:        "example.com",
				DNSNames:          []string{"sub1.example.com", "sub2.example.com", "sub3.example.com", "sub4.example.com"},
				ValidTill:         digicert.Date{Year: 2020, Month: 6, Day: 15},
				OrganizationUnits: []string{"IT Dept."},
				SignatureHash:     "sha256",
			},
			Subaccount:    immediate,
			Product:       digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"},
			OrderPrice:    usd(358),
			Status:        digicert.OrderStatusIssued,
			NumberOfSANs:  4,
			DateCreated:   time.Date(2019, 6, 11, 7, 8, 4, 0, time.UTC),
			DateIssued:    time.Date(2019, 6, 11, 7, 9, 0, 0, time.UTC),
			ValidityYears: 1,
		},
		{
			ID: 123458,
			Certificate: digicert.OrderCertificate{
				ID:                3179443638,
				CommonName:        "example2.com",
				DNSNames:          []string{"sub.example2.com"},
				OrganizationUnits: []string{"Finance Department"},
				SignatureHash:     "sha256",
			},
			Subaccount:    immediate,
			Product:       digicert.Product{NameID: "ssl_securesite", Name: "Secure Site SSL", Type: "ssl_certificate"},
			OrderPrice:    usd(399),
			Status:        digicert.OrderStatusPending,
			NumberOfSANs:  1,
			DateCreated:   time.Date(2019, 6, 21, 9, 6, 47, 0, time.UTC),
			ValidityYears: 1,
		},
	}
}

// sampleReissues returns the reissues of order 123457.
func sampleReissues() []digicert.Reissue {
	person := digicert.Reissue{
		CSR: "<csr>", KeySize: 2048, UserID: 1576, Email: "logan.nelson@example.com", FirstName: "Logan", LastName: "Nelson",
	}
	issued, rejected, pending := person, person, person
	issued.ID, issued.Status, issued.CommonName = 12345, digicert.ReissueStatusIssued, "example.com"
	issued.DNSNames = []string{"yourexample.com", "anotherexample.com", "*.myexample.com"}
	issued.Thumbprint, issued.SerialNumber, issued.ReceiptID = "<thumbprint>", "<serial_number>", "1234"
	issued.DateCreated = time.Date(2019, 4, 8, 17, 33, 26, 0, time.UTC)
	issued.ValidTill, issued.DaysRemaining = digicert.Date{Year: 2020, Month: 4, Day: 8}, new(267)
	issued.PurchasedDNSNames, issued.PurchasedWildcardNames = new(2), new(1)
	rejected.ID, rejected.Status, rejected.CommonName = 23456, digicert.ReissueStatusRejected, "anewdomain.com"
	rejected.DNSNames = []string{"anewdomain.com"}
	rejected.DateCreated = time.Date(2018, 11, 14, 19, 57, 9, 0, time.UTC)
	pending.ID, pending.Status, pending.CommonName = 34567, digicert.ReissueStatusPending, "example.net"
	pending.DNSNames = []string{"example.net"}
	pending.DateCreated = time.Date(2018, 11, 15, 22, 41, 43, 0, time.UTC)
	return []digicert.Reissue{issued, rejected, pending}
}

// addSampleChanges adds the orders of the account itself, each with a change of its status.
func (s *state) addSampleChanges(now time.Time) {
	changes := []digicert.StatusChange{ // latest first
		{OrderID: 265, CertificateID: 112233, Status: digicert.OrderStatusIssued},
		{OrderID: 264, CertificateID: 112232, Status: digicert.OrderStatusCanceled},
		{OrderID: 263, CertificateID: 112231, Status: digicert.OrderStatusIssued},
		{OrderID: 262, CertificateID: 112230, Status: digicert.OrderStatusRejected},
		{OrderID: 261, CertificateID: 112229, Status: digicert.OrderStatusIssued},
		{OrderID: 260, CertificateID: 112228, Status: digicert.OrderStatusIssued},
		{OrderID: 259, CertificateID: 112227, Status: digicert.OrderStatusIssued},
	}
	for i, c := range changes {
		at := now.Add(-time.Duration(i+1) * 15 * time.Second)
		must(s.addOrder(digicert.SubaccountOrder{
			ID:          c.OrderID,
			Certificate: digicert.OrderCertificate{ID: c.CertificateID},
			Status:      c.Status,
			DateCreated: at,
		}, now))
	}
}

// must panics on an error that only a bug in this package can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
