package digicert_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// orderInfoBody has every field that is known of an order.
const orderInfoBody = `{
	"id": 123457,
	"certificate": {
		"id": 3179443638,
		"thumbprint": "03F6",
		"serial_number": "0FDA",
		"common_name": "example.com",
		"dns_names": ["example.com", "www.example.com"],
		"emails": ["admin@example.com"],
		"date_created": "2019-06-11T07:08:04+00:00",
		"date_issued": "2019-06-11T07:09:00+00:00",
		"valid_from": "2019-06-11",
		"valid_till": "2020-06-15",
		"days_remaining": 12,
		"csr": "<csr>",
		"organization": {"id": 4},
		"organization_units": ["IT Dept."],
		"server_platform": {"id": 45, "name": "nginx", "install_url": "https://example.com/install", "csr_url": "https://example.com/csr"},
		"signature_hash": "sha256",
		"key_size": 2048,
		"ca_cert": {"id": "7", "name": "An issuing CA"},
		"cert_validity": {"years": 1, "days": 199, "custom_expiration_date": "2020-06-15"},
		"status": "issued"
	},
	"status": "issued",
	"is_renewed": true,
	"is_out_of_contract": true,
	"renewed_order_id": 123400,
	"alternative_order_id": "PO 7",
	"date_created": "2019-06-11T07:08:03+00:00",
	"date_issued": "2019-06-11T07:09:01+00:00",
	"order_valid_till": "2021-06-15",
	"validity_years": 2,
	"order_validity": {"years": 2, "days": 730, "custom_expiration_date": "15 JUN 2021"},
	"disable_renewal_notifications": true,
	"auto_renew": 3,
	"auto_reissue": 1,
	"organization": {"id": 4, "name": "Example, Inc.", "assumed_name": "Example", "display_name": "Example, Inc. (Example)",
		"city": "Lehi", "state": "Utah", "country": "us"},
	"container": {"id": 5, "name": "A division", "is_active": false},
	"product": {"name_id": "ssl_multi_domain", "name": "Multi-Domain SSL", "type": "ssl_certificate", "validation_type": "ov",
		"validation_name": "OV", "validation_description": "Normal Organization Validation"},
	"user": {"id": 1576, "firstname": "Logan", "lastname": "Nelson", "email": "logan.nelson@example.com"},
	"requests": [
		{"id": 1, "date": "2019-06-11T07:08:05+00:00", "type": "new_request", "status": "approved", "comments": "Fine."},
		{"id": 2, "date": "2019-06-12T07:08:05+00:00", "type": "revoke", "status": "pending"}
	],
	"receipt_id": 8,
	"purchased_dns_names": 0,
	"cs_provisioning_method": "none",
	"price": 358,
	"payment_method": "balance",
	"is_multi_year_plan": "1",
	"has_pending_request": true,
	"organization_contact": {"first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "job_title": "Head of TLS",
		"telephone": "555-0100", "telephone_extension": "7"},
	"technical_contact": {"first_name": "Bob", "last_name": "Example", "email": "bob@example.com", "job_title": "Engineer",
		"telephone": "555-0101", "telephone_extension": "8"},
	"custom_fields": [{"metadata_id": 12, "label": "Cost center", "value": "4711"}, {"metadata_id": 13, "label": "Team", "value": "web"}],
	"additional_emails": ["team@example.com", "on-call@example.com"],
	"notes": [{"id": 3, "date_created": "2019-06-13T07:08:05+00:00", "text": "Call first.",
		"user": {"id": 1577, "firstname": "Jan", "lastname": "Sport", "email": "jan@example.com"}}],
	"currency": "USD",
	"prices": ["358.00 USD"],
	"disable_issuance_email": true,
	"disable_ct": true,
	"allow_duplicates": true,
	"duplicates_count": 0,
	"reissues_count": 2,
	"server_licenses": 3,
	"is_guest_access_enabled": true,
	"is_renewal": true,
	"renewal_of_order_id": 123399,
	"order_approval_complete": true,
	"dcv_method": "dns-txt-token",
	"product_name_id": "ssl_multi_domain"
}`

// orderInfo is what orderInfoBody says.
func orderInfo() *digicert.Order {
	return &digicert.Order{
		ID: 123457,
		Certificate: digicert.Certificate{
			ID:                3179443638,
			Thumbprint:        "03F6",
			SerialNumber:      "0FDA",
			CommonName:        "example.com",
			DNSNames:          []string{"example.com", "www.example.com"},
			Emails:            []string{"admin@example.com"},
			DateCreated:       utc(2019, time.June, 11, 7, 8, 4),
			DateIssued:        utc(2019, time.June, 11, 7, 9, 0),
			ValidFrom:         digicert.Date{Year: 2019, Month: time.June, Day: 11},
			ValidTill:         digicert.Date{Year: 2020, Month: time.June, Day: 15},
			DaysRemaining:     new(12),
			CSR:               "<csr>",
			Organization:      digicert.Organization{ID: 4},
			OrganizationUnits: []string{"IT Dept."},
			ServerPlatform: digicert.ServerPlatform{
				ID: 45, Name: "nginx", InstallURL: "https://example.com/install", CSRURL: "https://example.com/csr",
			},
			SignatureHash: "sha256",
			KeySize:       2048,
			CACert:        digicert.CACert{ID: "7", Name: "An issuing CA"},
			CertValidity:  digicert.OrderValidity{Years: 1, Days: 199, CustomExpirationDate: "2020-06-15"},
			Status:        digicert.CertificateStatusIssued,
		},
		Status:                      digicert.OrderStatusIssued,
		IsRenewed:                   true,
		IsOutOfContract:             true,
		RenewedOrderID:              123400,
		AlternativeOrderID:          "PO 7",
		DateCreated:                 utc(2019, time.June, 11, 7, 8, 3),
		DateIssued:                  utc(2019, time.June, 11, 7, 9, 1),
		OrderValidTill:              digicert.Date{Year: 2021, Month: time.June, Day: 15},
		ValidityYears:               2,
		OrderValidity:               digicert.OrderValidity{Years: 2, Days: 730, CustomExpirationDate: "15 JUN 2021"},
		DisableRenewalNotifications: true,
		AutoRenew:                   3,
		AutoReissue:                 1,
		Organization: digicert.Organization{
			ID: 4, Name: "Example, Inc.", AssumedName: "Example", DisplayName: "Example, Inc. (Example)",
			City: "Lehi", State: "Utah", Country: "us",
		},
		Container: digicert.Container{ID: 5, Name: "A division", IsActive: new(false)},
		Product: digicert.OrderProduct{
			Product:        digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"},
			ValidationType: "ov", ValidationName: "OV", ValidationDescription: "Normal Organization Validation",
		},
		User: digicert.User{ID: 1576, FirstName: "Logan", LastName: "Nelson", Email: "logan.nelson@example.com"},
		Requests: []digicert.OrderRequest{
			{ID: 1, Date: utc(2019, time.June, 11, 7, 8, 5), Type: "new_request", Status: "approved", Comments: "Fine."},
			{ID: 2, Date: utc(2019, time.June, 12, 7, 8, 5), Type: "revoke", Status: "pending"},
		},
		ReceiptID:            "8",
		PurchasedDNSNames:    new(0),
		CSProvisioningMethod: "none",
		Price:                digicert.Amount{Decimal: decimal.NewFromInt(358)},
		PaymentMethod:        "balance",
		IsMultiYearPlan:      true,
		HasPendingRequest:    true,
		OrganizationContact: digicert.Contact{
			FirstName: "Ada", LastName: "Example", Email: "ada@example.com", JobTitle: "Head of TLS", Telephone: "555-0100", TelephoneExtension: "7",
		},
		TechnicalContact: digicert.Contact{
			FirstName: "Bob", LastName: "Example", Email: "bob@example.com", JobTitle: "Engineer", Telephone: "555-0101", TelephoneExtension: "8",
		},
		CustomFields: []digicert.CustomField{
			{MetadataID: 12, Label: "Cost center", Value: "4711"}, {MetadataID: 13, Label: "Team", Value: "web"},
		},
		AdditionalEmails: []string{"team@example.com", "on-call@example.com"},
		Notes: []digicert.OrderNote{{
			ID: 3, DateCreated: utc(2019, time.June, 13, 7, 8, 5), Text: "Call first.",
			User: digicert.User{ID: 1577, FirstName: "Jan", LastName: "Sport", Email: "jan@example.com"},
		}},
		Currency:              "USD",
		Prices:                json.RawMessage(`["358.00 USD"]`),
		DisableIssuanceEmail:  true,
		DisableCT:             true,
		AllowDuplicates:       true,
		DuplicatesCount:       new(0),
		ReissuesCount:         new(2),
		ServerLicenses:        3,
		IsGuestAccessEnabled:  true,
		IsRenewal:             true,
		RenewalOfOrderID:      123399,
		OrderApprovalComplete: true,
		DCVMethod:             digicert.DCVDNSTXT,
		ProductNameID:         "ssl_multi_domain",
	}
}

// emptyOrder is an order of which nothing was sent.
func emptyOrder() digicert.Order {
	return digicert.Order{
		Certificate: digicert.Certificate{DNSNames: []string{}, Emails: []string{}, OrganizationUnits: []string{}},
		Requests:    []digicert.OrderRequest{}, AdditionalEmails: []string{}, CustomFields: []digicert.CustomField{}, Notes: []digicert.OrderNote{},
	}
}

// orderWith is an order of which only a little was sent.
func orderWith(change func(*digicert.Order)) digicert.Order {
	order := emptyOrder()
	change(&order)
	return order
}

// ordersBody has every field that is known of a row of the list of orders, and a rejected row.
const ordersBody = `{
	"orders": [
		{
			"id": 123457,
			"certificate": {"id": 3179443638, "common_name": "example.com", "dns_names": ["example.com", "www.example.com"],
				"serial_number": "0FDA", "valid_from": "2019-06-11", "valid_till": "2020-06-15", "days_remaining": 12, "signature_hash": "sha256", "cert_validity": {"years": 1}},
			"status": "issued",
			"is_renewed": true,
			"date_created": "2019-06-11T07:08:04+00:00",
			"organization": {"id": 4, "name": "Example, Inc."},
			"validity_years": 2,
			"order_validity": {"years": 2},
			"order_valid_till": "2021-06-15",
			"disable_renewal_notifications": true,
			"container": {"id": 5, "name": "A division", "is_active": true},
			"product": {"name_id": "ssl_multi_domain", "name": "Multi-Domain SSL", "type": "ssl_certificate"},
			"has_duplicates": false,
			"duplicates_count": 0,
			"has_reissues": true,
			"reissues_count": 3,
			"price": 358.25,
			"product_name_id": "ssl_multi_domain",
			"number_of_sans": 4,
			"is_multi_year_plan": "1"
		},
		{
			"id": 123458,
			"certificate": {"id": 9, "common_name": "example.net", "dns_names": ["example.net"], "signature_hash": "sha256"},
			"status": "rejected",
			"is_renewed": false,
			"date_created": "2019-06-12T07:08:04+00:00",
			"organization": [],
			"price": 0
		}
	],
	"page": {"total": 2, "limit": 1000, "offset": 0}
}`

// ordersPage is what ordersBody says.
func ordersPage() *digicert.OrderPage {
	return &digicert.OrderPage{
		Orders: []digicert.Order{
			{
				ID: 123457,
				Certificate: digicert.Certificate{
					ID:                3179443638,
					CommonName:        "example.com",
					DNSNames:          []string{"example.com", "www.example.com"},
					Emails:            []string{},
					SerialNumber:      "0FDA",
					ValidFrom:         digicert.Date{Year: 2019, Month: time.June, Day: 11},
					ValidTill:         digicert.Date{Year: 2020, Month: time.June, Day: 15},
					DaysRemaining:     new(12),
					SignatureHash:     "sha256",
					CertValidity:      digicert.OrderValidity{Years: 1},
					OrganizationUnits: []string{},
				},
				Status:                      digicert.OrderStatusIssued,
				IsRenewed:                   true,
				DateCreated:                 utc(2019, time.June, 11, 7, 8, 4),
				Organization:                digicert.Organization{ID: 4, Name: "Example, Inc."},
				ValidityYears:               2,
				OrderValidity:               digicert.OrderValidity{Years: 2},
				OrderValidTill:              digicert.Date{Year: 2021, Month: time.June, Day: 15},
				DisableRenewalNotifications: true,
				Container:                   digicert.Container{ID: 5, Name: "A division", IsActive: new(true)},
				Product: digicert.OrderProduct{
					Product: digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"},
				},
				Requests: []digicert.OrderRequest{}, AdditionalEmails: []string{}, CustomFields: []digicert.CustomField{}, Notes: []digicert.OrderNote{},
				HasDuplicates:   new(false),
				DuplicatesCount: new(0),
				HasReissues:     new(true),
				ReissuesCount:   new(3),
				Price:           digicert.Amount{Decimal: decimal.RequireFromString("358.25")},
				ProductNameID:   "ssl_multi_domain",
				NumberOfSANs:    4,
				IsMultiYearPlan: true,
			},
			orderWith(func(o *digicert.Order) {
				o.ID, o.Status, o.DateCreated = 123458, digicert.OrderStatusRejected, utc(2019, time.June, 12, 7, 8, 4)
				o.Certificate.ID, o.Certificate.CommonName, o.Certificate.DNSNames = 9, "example.net", []string{"example.net"}
				o.Certificate.SignatureHash = "sha256"
				o.Price = digicert.Amount{Decimal: decimal.NewFromInt(0)}
			}),
		},
		Page: digicert.PageInfo{Total: 2, Limit: 1000},
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, strings.Replace(orderInfoBody, "123457", "9223372036854775807", 1))
	want := orderInfo()
	want.ID = math.MaxInt64

	got, err := c.Orders.Get(t.Context(), math.MaxInt64)

	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, "/services/v2/order/certificate/9223372036854775807", s.only(t).URL.Path)
	require.Empty(t, s.only(t).URL.RawQuery)
}

func TestOrderRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []digicert.OrderID{0, -1, math.MinInt64} {
		c, s := serve(t, http.StatusOK, `{}`)

		got, err := c.Orders.Get(t.Context(), id)

		requireParamError(t, err, "order_id")
		require.Nil(t, got)

		history, err := c.Orders.History(t.Context(), id)

		requireParamError(t, err, "order_id")
		require.Nil(t, history)
		require.Zero(t, s.GetTotalCallCount())
	}
}

// An answer about another order, or about none, is refused by an error that names both.
func TestOrderIdentity(t *testing.T) {
	t.Parallel()
	gets := map[string]func(context.Context, *digicert.Client) (any, error){
		"/order/certificate/1": func(ctx context.Context, c *digicert.Client) (any, error) { return c.Orders.Get(ctx, 1) },
		"/account/subaccount/order/1": func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Subaccounts.GetOrder(ctx, 1)
		},
	}
	for body, want := range map[string]string{
		`{"id": 999, "status": "issued", "certificate": {"id": 1}}`: "order 999 instead of 1",
		`{"id": "10"}`:                   "order 10 instead of 1",
		`{"id": -1}`:                     "order -1 instead of 1",
		`{}`:                             "no order id instead of 1",
		`[]`:                             "no order id instead of 1",
		`null`:                           "no order id instead of 1",
		`{"id": null}`:                   "no order id instead of 1",
		`{"id": 0}`:                      "no order id instead of 1",
		`{"order_id": 1}`:                "no order id instead of 1",
		`{"status": "issued"}`:           "no order id instead of 1",
		`{"orders": [{"id": 1}]}`:        "no order id instead of 1",
		`{"errors_of_its_own": "brand"}`: "no order id instead of 1",
	} {
		for path, get := range gets {
			t.Run(path+body, func(t *testing.T) {
				t.Parallel()
				c, s := serve(t, http.StatusOK, body)

				got, err := get(t.Context(), c)

				require.Nil(t, got)
				requireDecodeError(t, err, path, "/id")
				require.ErrorContains(t, err, want)
				require.Equal(t, 1, s.GetTotalCallCount(), "it is not sent again")
			})
		}
	}
	for path, get := range gets {
		c, _ := serve(t, http.StatusOK, `{"id": "1"}`)
		got, err := get(t.Context(), c)
		require.NoError(t, err, path)
		require.NotNil(t, got)
	}
	// A success with nothing in it is no order either.
	for path, get := range gets {
		c, _ := serve(t, http.StatusNoContent, ``)
		got, err := get(t.Context(), c)
		require.Nil(t, got)
		var undecoded *digicert.DecodeError
		require.ErrorAs(t, err, &undecoded, path)
	}
}

// Code that is written for one kind of order works with the other, whatever was not sent.
func TestOrderAbsentObjects(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"id": 1}`)
	own, err := c.Orders.Get(t.Context(), 1)
	require.NoError(t, err)
	placed, err := c.Subaccounts.GetOrder(t.Context(), 1)
	require.NoError(t, err)
	require.True(t, own.Certificate.IsZero())
	require.True(t, placed.Certificate.IsZero())
	require.Equal(t, own.Certificate.ValidTill, placed.Certificate.ValidTill)
	require.Equal(t, own.Certificate.CACert, placed.Certificate.CACert)
	require.Equal(t, own.Organization, placed.Organization)
	require.Equal(t, own.OrderValidTill, placed.OrderValidTill)
	require.True(t, placed.OrderValidFrom.IsZero())
	for _, v := range []any{own, placed} {
		encoded, err := json.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(encoded), "certificate")
	}
	require.False(t, digicert.Certificate{Emails: []string{""}}.IsZero())
	require.False(t, digicert.Certificate{KeySize: 1}.IsZero())
	require.False(t, digicert.OrderCertificate{DNSNames: []string{""}}.IsZero())
	require.False(t, digicert.OrderCertificate{CACert: digicert.CACert{ID: "7"}}.IsZero())
}

func TestOrders(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, ordersBody)

	got, err := c.Orders.List(t.Context(), nil)

	require.NoError(t, err)
	require.Equal(t, ordersPage(), got)
	require.Equal(t, "/services/v2/order/certificate", s.only(t).URL.Path)

	var all []digicert.Order
	for order, err := range c.Orders.All(t.Context(), nil) {
		require.NoError(t, err)
		all = append(all, order)
	}
	require.Equal(t, ordersPage().Orders, all)
}

func TestOrdersRequest(t *testing.T) {
	t.Parallel()
	type params = digicert.ListOrdersParams
	type filters = digicert.OrderFilters
	filter := func(f filters) *params { return &params{Filters: f} }
	from := digicert.Date{Year: 2024, Month: time.February, Day: 29}
	to := digicert.Date{Year: 2024, Month: time.March, Day: 1}

	for name, tc := range map[string]struct {
		params *params
		query  []string
	}{
		"nil":                      {nil, nil},
		"zero":                     {&params{}, nil},
		"offset":                   {&params{Offset: 2000}, []string{"offset=2000"}},
		"limit":                    {&params{Limit: 1}, []string{"limit=1"}},
		"largest limit":            {&params{Limit: 1000}, []string{"limit=1000"}},
		"no sort key":              {&params{Sort: []string{}}, nil},
		"sort by id":               {&params{Sort: []string{"id"}}, []string{"sort=id"}},
		"sort by an unknown key":   {&params{Sort: []string{"brand_new"}}, []string{"sort=brand_new"}},
		"sort by two, descending":  {&params{Sort: []string{"common_name", "-date_created"}}, []string{"sort=common_name,-date_created"}},
		"filter id":                {filter(filters{ID: 3179443638}), []string{"filters[id]=3179443638"}},
		"filter status":            {filter(filters{Status: digicert.OrderStatusReissuePending}), []string{"filters[status]=reissue_pending"}},
		"filter unknown status":    {filter(filters{Status: "brand_new"}), []string{"filters[status]=brand_new"}},
		"filter organization_id":   {filter(filters{OrganizationID: 3179443638}), []string{"filters[organization_id]=3179443638"}},
		"filter product_name_id":   {filter(filters{ProductNameID: "ssl_plus"}), []string{"filters[product_name_id]=ssl_plus"}},
		"filter valid_till":        {filter(filters{ValidTill: digicert.DateRange{From: from, To: to}}), []string{"filters[valid_till]=2024-02-29...2024-03-01"}},
		"filter valid_till, from":  {filter(filters{ValidTill: digicert.DateRange{From: from}}), []string{"filters[valid_till]=2024-02-29...2999-12-31"}},
		"filter valid_till, to":    {filter(filters{ValidTill: digicert.DateRange{To: to}}), []string{"filters[valid_till]=1970-01-01...2024-03-01"}},
		"filter user_id":           {filter(filters{UserID: 1576}), []string{"filters[user_id]=1576"}},
		"filter common_name":       {filter(filters{CommonName: "*.example.com"}), []string{"filters[common_name]=*.example.com"}},
		"filter domain_name":       {filter(filters{DomainName: "example.com"}), []string{"filters[domain_name]=example.com"}},
		"filter date_created":      {filter(filters{DateCreated: digicert.DateRange{From: from, To: from}}), []string{"filters[date_created]=2024-02-29...2024-02-29"}},
		"filter date_created from": {filter(filters{DateCreated: digicert.DateRange{From: from}}), []string{"filters[date_created]=2024-02-29...2999-12-31"}},
		"filter date_created to":   {filter(filters{DateCreated: digicert.DateRange{To: to}}), []string{"filters[date_created]=1970-01-01...2024-03-01"}},
		"filter container_id":      {filter(filters{ContainerID: 5}), []string{"filters[container_id]=5"}},
		"filter is_renewed":        {filter(filters{IsRenewed: new(true)}), []string{"filters[is_renewed]=1"}},
		"filter is_renewed, not":   {filter(filters{IsRenewed: new(false)}), []string{"filters[is_renewed]=0"}},
		"filter email":             {filter(filters{Email: "a+b@example.com"}), []string{"filters[email]=a+b@example.com"}},
		"filter certificate_id":    {filter(filters{CertificateID: 7}), []string{"filters[certificate_id]=7"}},
		"filter serial_number":     {filter(filters{SerialNumber: "0FDA"}), []string{"filters[serial_number]=0FDA"}},
		"filter search":            {filter(filters{Search: "%text"}), []string{"filters[search]=%text"}},
		"everything": {&params{
			Offset: 1, Limit: 2, Sort: []string{"-id"},
			Filters: filters{
				ID: 3, Status: "a", OrganizationID: 4, ProductNameID: "b", ValidTill: digicert.DateRange{From: from}, UserID: 5, CommonName: "c",
				DomainName: "d", DateCreated: digicert.DateRange{To: to}, ContainerID: 6, IsRenewed: new(false), Email: "e", CertificateID: 7,
				SerialNumber: "f", Search: "g",
			},
		}, []string{
			"offset=1", "limit=2", "sort=-id", "filters[id]=3", "filters[status]=a", "filters[organization_id]=4", "filters[product_name_id]=b",
			"filters[valid_till]=2024-02-29...2999-12-31", "filters[user_id]=5", "filters[common_name]=c", "filters[domain_name]=d",
			"filters[date_created]=1970-01-01...2024-03-01", "filters[container_id]=6", "filters[is_renewed]=0", "filters[email]=e",
			"filters[certificate_id]=7", "filters[serial_number]=f", "filters[search]=g",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			before, err := json.Marshal(tc.params)
			require.NoError(t, err)

			_, err = c.Orders.List(t.Context(), tc.params)

			require.NoError(t, err)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/order/certificate", req.URL.Path)
			require.ElementsMatch(t, tc.query, queryOf(t, req))
			after, err := json.Marshal(tc.params)
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
		})
	}
}

// A value with the characters of a query's own syntax arrives as it is; the percent sign that makes a search
// one for a part of the text is escaped once.
func TestOrdersQueryIsEscaped(t *testing.T) {
	t.Parallel()
	const name = "a&b=c+d e%20f#g;h\u00fc"
	c, s := serve(t, http.StatusOK, `{}`)

	_, err := c.Orders.List(t.Context(), &digicert.ListOrdersParams{Filters: digicert.OrderFilters{CommonName: name, Search: "%text"}})

	require.NoError(t, err)
	req := s.only(t)
	require.Equal(t, map[string][]string{"filters[common_name]": {name}, "filters[search]": {"%text"}}, map[string][]string(req.URL.Query()))
	require.Contains(t, req.URL.RawQuery, "=%25text")
}

func TestOrdersRefused(t *testing.T) {
	t.Parallel()
	filter := func(f digicert.OrderFilters) digicert.ListOrdersParams { return digicert.ListOrdersParams{Filters: f} }
	early := digicert.DateRange{
		From: digicert.Date{Year: 2024, Month: time.March, Day: 2}, To: digicert.Date{Year: 2024, Month: time.March, Day: 1},
	}
	noDay := digicert.Date{Year: 2023, Month: time.February, Day: 29}

	for name, tc := range map[string]struct {
		params digicert.ListOrdersParams
		param  string
	}{
		"negative limit":           {digicert.ListOrdersParams{Limit: -1}, "limit"},
		"limit over 1000":          {digicert.ListOrdersParams{Limit: 1001}, "limit"},
		"negative offset":          {digicert.ListOrdersParams{Offset: -1}, "offset"},
		"empty sort key":           {digicert.ListOrdersParams{Sort: []string{"id", ""}}, "sort"},
		"no sort key but -":        {digicert.ListOrdersParams{Sort: []string{"-"}}, "sort"},
		"two sort keys in one":     {digicert.ListOrdersParams{Sort: []string{"id,common_name"}}, "sort"},
		"sort key of two signs":    {digicert.ListOrdersParams{Sort: []string{"--id"}}, "sort"},
		"sort key with a space":    {digicert.ListOrdersParams{Sort: []string{"common name"}}, "sort"},
		"sort key with a newline":  {digicert.ListOrdersParams{Sort: []string{"id\n"}}, "sort"},
		"negative id":              {filter(digicert.OrderFilters{ID: -1}), "filters[id]"},
		"negative organization":    {filter(digicert.OrderFilters{OrganizationID: -1}), "filters[organization_id]"},
		"negative user":            {filter(digicert.OrderFilters{UserID: math.MinInt64}), "filters[user_id]"},
		"negative container":       {filter(digicert.OrderFilters{ContainerID: -1}), "filters[container_id]"},
		"negative certificate":     {filter(digicert.OrderFilters{CertificateID: -5}), "filters[certificate_id]"},
		"valid_till ends early":    {filter(digicert.OrderFilters{ValidTill: early}), "filters[valid_till]"},
		"date_created ends early":  {filter(digicert.OrderFilters{DateCreated: early}), "filters[date_created]"},
		"valid_till from no day":   {filter(digicert.OrderFilters{ValidTill: digicert.DateRange{From: noDay}}), "filters[valid_till]"},
		"date_created until none":  {filter(digicert.OrderFilters{DateCreated: digicert.DateRange{To: noDay}}), "filters[date_created]"},
		"the first of two is told": {filter(digicert.OrderFilters{ID: -1, CertificateID: -1}), "filters[id]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			page, err := c.Orders.List(t.Context(), &tc.params)

			requireParamError(t, err, tc.param)
			require.Nil(t, page)

			ids, errs := collect(t, c.Orders.All(t.Context(), &tc.params))

			require.Empty(t, ids)
			require.Len(t, errs, 1)
			requireParamError(t, errs[0], tc.param)
			require.Zero(t, s.GetTotalCallCount())
		})
	}
}

// Every page is asked for with the caller's parameters, which stay as they are even where the caller changes them later.
func TestOrdersAllCopiesParams(t *testing.T) {
	t.Parallel()
	params := &digicert.ListOrdersParams{
		Limit: 10, Offset: 3, Sort: []string{"id"}, Filters: digicert.OrderFilters{CommonName: "example.com", IsRenewed: new(true)},
	}
	s := newService(listing{n: 25}.respond)

	seq := s.client(t).Orders.All(t.Context(), params)
	params.Offset, params.Limit, params.Filters.CommonName, *params.Filters.IsRenewed = 20, 1, "changed", false
	params.Sort[0] = "common_name"
	ids, errs := collect(t, seq)

	require.Empty(t, errs)
	require.Equal(t, through(4, 25), ids)
	require.Greater(t, len(s.sent()), 1)
	for _, req := range s.sent() {
		require.Equal(t, "example.com", req.URL.Query().Get("filters[common_name]"))
		require.Equal(t, "1", req.URL.Query().Get("filters[is_renewed]"))
		require.Equal(t, "id", req.URL.Query().Get("sort"))
		require.Equal(t, "10", req.URL.Query().Get("limit"))
	}
	require.Equal(t, &digicert.ListOrdersParams{
		Limit: 1, Offset: 20, Sort: []string{"common_name"}, Filters: digicert.OrderFilters{CommonName: "changed", IsRenewed: new(false)},
	}, params)
}

// The walk is by id unless another order is asked for, and then takes that.
func TestOrdersAllSort(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params      *digicert.ListOrdersParams
		sort, limit string
	}{
		"nil":                   {nil, "order_id", ""},
		"pages of one":          {&digicert.ListOrdersParams{Limit: 1}, "order_id", "2"},
		"by id, asked for":      {&digicert.ListOrdersParams{Limit: 1, Sort: []string{"order_id"}}, "order_id", "2"},
		"another order":         {&digicert.ListOrdersParams{Limit: 5, Sort: []string{"-brand_new", "id"}}, "-brand_new,id", "5"},
		"another, pages of one": {&digicert.ListOrdersParams{Limit: 1, Sort: []string{"-id"}}, "-id", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(listing{n: 7}.respond)
			ids, errs := collect(t, s.client(t).Orders.All(t.Context(), tc.params))
			require.Empty(t, errs)
			require.Equal(t, through(1, 7), ids)
			for _, req := range s.sent() {
				require.Equal(t, tc.sort, req.URL.Query().Get("sort"))
				require.Equal(t, tc.limit, req.URL.Query().Get("limit"))
			}
		})
	}
}
