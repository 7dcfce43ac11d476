package digicert_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// decodeReissue decodes one row of the list of reissues.
func decodeReissue(t testing.TB, row string) (digicert.Reissue, error) {
	t.Helper()
	c, _ := serve(t, http.StatusOK, `{"certificates": [`+row+`]}`)
	rows, err := c.Reissues.List(t.Context(), 1, nil)
	if err != nil {
		return digicert.Reissue{}, err
	}
	require.Len(t, rows, 1)
	return rows[0], nil
}

// decodeOrder decodes one row of the list of subaccounts' orders.
func decodeOrder(t testing.TB, row string) (digicert.SubaccountOrder, error) {
	t.Helper()
	c, _ := serve(t, http.StatusOK, `{"orders": [`+row+`]}`)
	page, err := c.Subaccounts.ListOrders(t.Context(), nil)
	if err != nil {
		return digicert.SubaccountOrder{}, err
	}
	require.Len(t, page.Orders, 1)
	return page.Orders[0], nil
}

func TestTolerantReissue(t *testing.T) {
	t.Parallel()
	type reissue = digicert.Reissue
	none := []string{}
	april8 := digicert.Date{Year: 2020, Month: time.April, Day: 8}

	for row, want := range map[string]reissue{
		// Ids and counts, as numbers and as strings.
		`{"id": 3179443638}`:              {DNSNames: none, ID: 3179443638},
		`{"id": "3179443638"}`:            {DNSNames: none, ID: 3179443638},
		`{"id": 9223372036854775807}`:     {DNSNames: none, ID: 9223372036854775807},
		`{"id": "9223372036854775807"}`:   {DNSNames: none, ID: 9223372036854775807},
		`{"user_id": 7}`:                  {DNSNames: none, UserID: 7},
		`{"user_id": "7"}`:                {DNSNames: none, UserID: 7},
		`{"key_size": 2048}`:              {DNSNames: none, KeySize: 2048},
		`{"key_size": "2048"}`:            {DNSNames: none, KeySize: 2048},
		`{"days_remaining": -3}`:          {DNSNames: none, DaysRemaining: new(-3)},
		`{"days_remaining": "0"}`:         {DNSNames: none, DaysRemaining: new(0)},
		`{"purchased_dns_names": 2}`:      {DNSNames: none, PurchasedDNSNames: new(2)},
		`{"purchased_dns_names": "2"}`:    {DNSNames: none, PurchasedDNSNames: new(2)},
		`{"purchased_wildcard_names": 0}`: {DNSNames: none, PurchasedWildcardNames: new(0)},
		`{"purchased_wildcard_names": "0"}`: {
			DNSNames: none, PurchasedWildcardNames: new(0),
		},
		`{"receipt_id": "1234"}`:   {DNSNames: none, ReceiptID: "1234"},
		`{"receipt_id": 1234}`:     {DNSNames: none, ReceiptID: "1234"},
		`{"receipt_id": "00-1 x"}`: {DNSNames: none, ReceiptID: "00-1 x"},

		// Booleans.
		`{"archived": true}`:    {DNSNames: none, Archived: true},
		`{"archived": 1}`:       {DNSNames: none, Archived: true},
		`{"archived": "1"}`:     {DNSNames: none, Archived: true},
		`{"archived": 0}`:       {DNSNames: none},
		`{"archived": "0"}`:     {DNSNames: none},
		`{"archived": false}`:   {DNSNames: none},
		`{"archived": "true"}`:  {DNSNames: none, Archived: true},
		`{"archived": "false"}`: {DNSNames: none},

		// Dates in their three shapes, for moments and for days.
		`{"date_created": "2019-04-08T17:33:26+00:00"}`:     {DNSNames: none, DateCreated: utc(2019, time.April, 8, 17, 33, 26)},
		`{"date_created": "2019-04-08T17:33:26Z"}`:          {DNSNames: none, DateCreated: utc(2019, time.April, 8, 17, 33, 26)},
		`{"date_created": "2019-04-08T17:33:26-06:00"}`:     {DNSNames: none, DateCreated: utc(2019, time.April, 8, 23, 33, 26)},
		`{"date_created": "2019-04-08T17:33:26.125+00:00"}`: {DNSNames: none, DateCreated: utc(2019, time.April, 8, 17, 33, 26).Add(125 * time.Millisecond)},
		`{"date_created": "2020-04-08"}`:                    {DNSNames: none, DateCreated: utc(2020, time.April, 8, 0, 0, 0)},
		`{"date_created": "2018-11-29 01:48:04"}`:           {DNSNames: none, DateCreated: utc(2018, time.November, 29, 1, 48, 4)},
		`{"date_issued": "2019-04-08T17:33:26+00:00"}`:      {DNSNames: none, DateIssued: utc(2019, time.April, 8, 17, 33, 26)},
		`{"date_issued": "2020-04-08"}`:                     {DNSNames: none, DateIssued: utc(2020, time.April, 8, 0, 0, 0)},
		`{"date_issued": "2018-11-29 01:48:04"}`:            {DNSNames: none, DateIssued: utc(2018, time.November, 29, 1, 48, 4)},
		`{"valid_till": "2020-04-08"}`:                      {DNSNames: none, ValidTill: april8},
		`{"valid_till": "2020-04-08T23:59:59+00:00"}`:       {DNSNames: none, ValidTill: april8},
		`{"valid_till": "2020-04-08 23:59:59"}`:             {DNSNames: none, ValidTill: april8},
		`{"valid_till": "", "date_created": ""}`:            {DNSNames: none},
		`{"valid_till": "2024-02-29"}`:                      {DNSNames: none, ValidTill: digicert.Date{Year: 2024, Month: time.February, Day: 29}},

		// Lists that are missing, null or empty are one thing.
		`{}`:                              {DNSNames: none},
		`{"dns_names": null}`:             {DNSNames: none},
		`{"dns_names": []}`:               {DNSNames: none},
		`{"dns_names": ["a", "b"]}`:       {DNSNames: []string{"a", "b"}},
		`{"dns_names": ["a", 1, null]}`:   {DNSNames: []string{"a", "1", ""}},
		`{"dns_names": ["a"], "id": "7"}`: {DNSNames: []string{"a"}, ID: 7},

		// An object that is none.
		`[]`:   {DNSNames: none},
		`null`: {DNSNames: none},

		// null everywhere.
		`{"id": null, "thumbprint": null, "serial_number": null, "common_name": null, "dns_names": null, "status": null,
		  "date_created": null, "date_issued": null, "valid_till": null, "days_remaining": null, "csr": null, "key_size": null,
		  "archived": null, "user_id": null, "email": null, "firstname": null, "lastname": null, "receipt_id": null,
		  "purchased_dns_names": null, "purchased_wildcard_names": null}`: {DNSNames: none},

		// What the JSON standards leave open.
		"{\"lastname\": \"N\xffls\xc3\"}":                         {DNSNames: none, LastName: "N\ufffdls\ufffd"},
		`{"lastname": "N\ud800ls"}`:                               {DNSNames: none, LastName: "N\ufffdls"},
		"{\"dns_names\": [\"a\xff\"], \"b\xff\": 1}":              {DNSNames: []string{"a\ufffd"}},
		`{"id": 1, "lastname": "a", "id": 2, "lastname": "b"}`:    {DNSNames: none, ID: 2, LastName: "b"},
		`{"dns_names": ["a", "b"], "dns_names": ["c"]}`:           {DNSNames: []string{"c"}},
		`{"days_remaining": 1, "days_remaining": 2}`:              {DNSNames: none, DaysRemaining: new(2)},
		`{"lastname": "\u00fc\n\"\\\/"}`:                          {DNSNames: none, LastName: "\u00fc\n\"\\/"},
		`{"id": 1, "brand_new": {"a": [1, {"b": null}]}, "x": 1}`: {DNSNames: none, ID: 1},
		`{"": 1, "ID": 5, "Id": 6}`:                               {DNSNames: none},
		`{"status": "brand_new"}`:                                 {DNSNames: none, Status: "brand_new"},
		`{"status": ""}`:                                          {DNSNames: none},
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			got, err := decodeReissue(t, row)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestTolerantOrder(t *testing.T) {
	t.Parallel()
	type order = digicert.SubaccountOrder
	noNames := digicert.OrderCertificate{DNSNames: []string{}, OrganizationUnits: []string{}}
	certificate := func(c digicert.OrderCertificate) digicert.OrderCertificate {
		if c.DNSNames == nil {
			c.DNSNames = []string{}
		}
		if c.OrganizationUnits == nil {
			c.OrganizationUnits = []string{}
		}
		return c
	}
	price := func(cost string) order {
		return order{OrderPrice: digicert.Price{Cost: decimal.RequireFromString(cost), Currency: "USD"}}
	}
	digits := "1234567890123456789012345678901234567890.12345678901234567890"

	for row, want := range map[string]order{
		// Ids and counts.
		`{"id": "123456"}`:                         {ID: 123456},
		`{"number_of_sans": "4"}`:                  {NumberOfSANs: 4},
		`{"validity_years": "2"}`:                  {ValidityYears: 2},
		`{"certificate": {"id": "3179443638"}}`:    {Certificate: certificate(digicert.OrderCertificate{ID: 3179443638})},
		`{"subaccount": {"account_id": "112233"}}`: {Subaccount: digicert.Subaccount{AccountID: 112233}},

		// Objects.
		`{"certificate": null}`: {},
		`{"certificate": {}}`:   {Certificate: noNames},
		`{"subaccount": null}`:  {},
		`{"subaccount": []}`:    {},
		`{"subaccount": {}}`:    {},
		`{"product": null}`:     {},
		`{"product": []}`:       {},
		`{"product": [ ] }`:     {},
		`{"order_price": null}`: {},
		`{"order_price": []}`:   {},
		`{"subaccount": [], "product": null, "order_price": [], "id": 5}`: {ID: 5},
		`[]`:   {},
		`null`: {},

		// Lists within objects.
		`{"certificate": {"dns_names": null, "organization_units": null}}`: {Certificate: noNames},
		`{"certificate": {"dns_names": ["a"], "organization_units": []}}`:  {Certificate: certificate(digicert.OrderCertificate{DNSNames: []string{"a"}})},
		`{"certificate": {"organization_units": ["IT", ""]}}`:              {Certificate: certificate(digicert.OrderCertificate{OrganizationUnits: []string{"IT", ""}})},

		// Dates.
		`{"date_created": "2018-11-29 01:48:04"}`:                      {DateCreated: utc(2018, time.November, 29, 1, 48, 4)},
		`{"date_issued": "2019-06-11"}`:                                {DateIssued: utc(2019, time.June, 11, 0, 0, 0)},
		`{"date_issued": "2019-06-11T07:09:00+00:00"}`:                 {DateIssued: utc(2019, time.June, 11, 7, 9, 0)},
		`{"certificate": {"valid_till": "2020-06-15T00:00:00+00:00"}}`: {Certificate: certificate(digicert.OrderCertificate{ValidTill: digicert.Date{Year: 2020, Month: time.June, Day: 15}})},
		`{"certificate": {"valid_till": "2020-06-15 23:59:59"}}`:       {Certificate: certificate(digicert.OrderCertificate{ValidTill: digicert.Date{Year: 2020, Month: time.June, Day: 15}})},

		// Money.
		`{"order_price": {"cost": 198, "currency": "USD"}}`:              price("198"),
		`{"order_price": {"cost": "198", "currency": "USD"}}`:            price("198"),
		`{"order_price": {"cost": 198.5, "currency": "USD"}}`:            price("198.5"),
		`{"order_price": {"cost": 198.50, "currency": "USD"}}`:           price("198.50"),
		`{"order_price": {"cost": "198.50", "currency": "USD"}}`:         price("198.50"),
		`{"order_price": {"cost": 0.1, "currency": "USD"}}`:              price("0.1"),
		`{"order_price": {"cost": -7, "currency": "USD"}}`:               price("-7"),
		`{"order_price": {"cost": 1.5e3, "currency": "USD"}}`:            price("1500"),
		`{"order_price": {"cost": ` + digits + `, "currency": "USD"}}`:   price(digits),
		`{"order_price": {"cost": "` + digits + `", "currency": "USD"}}`: price(digits),
		`{"order_price": {"cost": 9007199254740993, "currency": "USD"}}`: price("9007199254740993"),
		`{"order_price": {"cost": null, "currency": "USD"}}`:             {OrderPrice: digicert.Price{Currency: "USD"}},

		// Open enumerations.
		`{"status": "brand_new"}`:                         {Status: "brand_new"},
		`{"subaccount": {"account_type": "brand_new"}}`:   {Subaccount: digicert.Subaccount{AccountType: "brand_new"}},
		`{"product": {"name_id": "x", "type": "new"}}`:    {Product: digicert.Product{NameID: "x", Type: "new"}},
		`{"product": {"name_id": "x", "extra": ["new"]}}`: {Product: digicert.Product{NameID: "x"}},

		// A repeated object is the last one, and not a mixture.
		`{"product": {"name_id": "a"}, "product": {"name": "b"}}`: {Product: digicert.Product{Name: "b"}},
		`{"certificate": {"id": 1}, "certificate": {"common_name": "b"}}`: {
			Certificate: certificate(digicert.OrderCertificate{CommonName: "b"}),
		},
		"{\"subaccount\": {\"organization_name\": \"\xe9t\xe9\"}}": {Subaccount: digicert.Subaccount{OrganizationName: "\ufffdt\ufffd"}},
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			got, err := decodeOrder(t, row)
			require.NoError(t, err)
			require.Equal(t, withLists(want), got)
		})
	}
}

func TestTolerantOwnOrder(t *testing.T) {
	t.Parallel()
	type order = digicert.Order
	certificate := func(change func(*digicert.Certificate)) order {
		return orderWith(func(o *order) { change(&o.Certificate) })
	}
	amount := func(s string) digicert.Amount { return digicert.Amount{Decimal: decimal.RequireFromString(s)} }
	june15 := digicert.Date{Year: 2021, Month: time.June, Day: 15}

	for row, want := range map[string]order{
		// Ids and counts.
		`{"id": "3179443638"}`:                             orderWith(func(o *order) { o.ID = 3179443638 }),
		`{"renewed_order_id": 0}`:                          emptyOrder(),
		`{"renewed_order_id": "0"}`:                        emptyOrder(),
		`{"renewed_order_id": "5"}`:                        orderWith(func(o *order) { o.RenewedOrderID = 5 }),
		`{"alternative_order_id": 5}`:                      orderWith(func(o *order) { o.AlternativeOrderID = "5" }),
		`{"receipt_id": 8}`:                                orderWith(func(o *order) { o.ReceiptID = "8" }),
		`{"receipt_id": "8"}`:                              orderWith(func(o *order) { o.ReceiptID = "8" }),
		`{"purchased_dns_names": "0"}`:                     orderWith(func(o *order) { o.PurchasedDNSNames = new(0) }),
		`{"auto_renew": "3", "auto_reissue": "1"}`:         orderWith(func(o *order) { o.AutoRenew, o.AutoReissue = 3, 1 }),
		`{"organization": {"id": "3179443638"}}`:           orderWith(func(o *order) { o.Organization.ID = 3179443638 }),
		`{"container": {"id": "3179443638"}}`:              orderWith(func(o *order) { o.Container.ID = 3179443638 }),
		`{"user": {"id": "3179443638"}}`:                   orderWith(func(o *order) { o.User.ID = 3179443638 }),
		`{"requests": [{"id": "3179443638"}]}`:             orderWith(func(o *order) { o.Requests = []digicert.OrderRequest{{ID: 3179443638}} }),
		`{"order_validity": {"years": "1", "days": "2"}}`:  orderWith(func(o *order) { o.OrderValidity = digicert.OrderValidity{Years: 1, Days: 2} }),
		`{"has_reissues": "1", "reissues_count": "3"}`:     orderWith(func(o *order) { o.HasReissues, o.ReissuesCount = new(true), new(3) }),
		`{"has_duplicates": 0, "duplicates_count": 0}`:     orderWith(func(o *order) { o.HasDuplicates, o.DuplicatesCount = new(false), new(0) }),
		`{"has_duplicates": null, "reissues_count": null}`: emptyOrder(),

		// Booleans.
		`{"is_multi_year_plan": "1"}`:  orderWith(func(o *order) { o.IsMultiYearPlan = true }),
		`{"is_multi_year_plan": 1}`:    orderWith(func(o *order) { o.IsMultiYearPlan = true }),
		`{"is_multi_year_plan": true}`: orderWith(func(o *order) { o.IsMultiYearPlan = true }),
		`{"is_multi_year_plan": "0"}`:  emptyOrder(),
		`{"is_renewed": "1", "is_out_of_contract": 1, "has_pending_request": "true"}`: orderWith(func(o *order) { o.IsRenewed, o.IsOutOfContract, o.HasPendingRequest = true, true, true }),
		`{"disable_renewal_notifications": "1", "container": {"is_active": "0"}}`:     orderWith(func(o *order) { o.DisableRenewalNotifications, o.Container.IsActive = true, new(false) }),
		`{"container": {"is_active": null}}`:                                          emptyOrder(),

		// A date that is documented as a number.
		`{"order_validity": {"custom_expiration_date": 1623715200}}`:   orderWith(func(o *order) { o.OrderValidity.CustomExpirationDate = "1623715200" }),
		`{"order_validity": {"custom_expiration_date": "2021-06-15"}}`: orderWith(func(o *order) { o.OrderValidity.CustomExpirationDate = "2021-06-15" }),
		`{"order_validity": {"custom_expiration_date": null}}`:         emptyOrder(),

		// Money.
		`{"price": 358}`:              orderWith(func(o *order) { o.Price = amount("358") }),
		`{"price": 358.10}`:           orderWith(func(o *order) { o.Price = amount("358.10") }),
		`{"price": "358.10"}`:         orderWith(func(o *order) { o.Price = amount("358.10") }),
		`{"price": "358"}`:            orderWith(func(o *order) { o.Price = amount("358") }),
		`{"price": 3.5e2}`:            orderWith(func(o *order) { o.Price = amount("350") }),
		`{"price": null}`:             emptyOrder(),
		`{"price": 9007199254740993}`: orderWith(func(o *order) { o.Price = amount("9007199254740993") }),

		// People, under either name.
		`{"user": {"first_name": "Ada", "last_name": "Example"}}`: orderWith(func(o *order) { o.User.FirstName, o.User.LastName = "Ada", "Example" }),
		`{"user": {"firstname": "Ada", "lastname": "Example"}}`:   orderWith(func(o *order) { o.User.FirstName, o.User.LastName = "Ada", "Example" }),
		`{"organization_contact": {"first_name": "Ada", "lastname": "Example"}}`: orderWith(func(o *order) {
			o.OrganizationContact.FirstName, o.OrganizationContact.LastName = "Ada", "Example"
		}),
		`{"technical_contact": {"firstname": "Ada", "last_name": "Example", "telephone": 5550100}}`: orderWith(func(o *order) {
			o.TechnicalContact = digicert.Contact{FirstName: "Ada", LastName: "Example", Telephone: "5550100"}
		}),
		`{"notes": [{"id": "3", "user": {"id": "4", "first_name": "Ada", "lastname": "Example"}}]}`: orderWith(func(o *order) {
			o.Notes = []digicert.OrderNote{{ID: 3, User: digicert.User{ID: 4, FirstName: "Ada", LastName: "Example"}}}
		}),

		// Odd forms of the other documented fields.
		`{"custom_fields": [{"metadata_id": "12", "label": "a", "value": 7}, [], null]}`: orderWith(func(o *order) {
			o.CustomFields = []digicert.CustomField{{MetadataID: 12, Label: "a", Value: "7"}, {}, {}}
		}),
		`{"additional_emails": null, "custom_fields": null, "notes": []}`: emptyOrder(),
		`{"disable_issuance_email": "1", "disable_ct": 1, "allow_duplicates": "1", "is_guest_access_enabled": 1, "is_renewal": "1", "order_approval_complete": "1"}`: orderWith(func(o *order) {
			o.DisableIssuanceEmail, o.DisableCT, o.AllowDuplicates = true, true, true
			o.IsGuestAccessEnabled, o.IsRenewal, o.OrderApprovalComplete = true, true, true
		}),
		`{"renewal_of_order_id": "5", "server_licenses": "3", "dcv_method": "brand_new"}`: orderWith(func(o *order) {
			o.RenewalOfOrderID, o.ServerLicenses, o.DCVMethod = 5, 3, "brand_new"
		}),
		`{"prices": {"brand_new": [1]}}`:                      orderWith(func(o *order) { o.Prices = json.RawMessage(`{"brand_new": [1]}`) }),
		`{"certificate": {"cert_validity": {"days": "199"}}}`: certificate(func(c *digicert.Certificate) { c.CertValidity.Days = 199 }),

		// Objects that are none.
		`[]`:   emptyOrder(),
		`null`: emptyOrder(),
		`{}`:   emptyOrder(),
		`{"certificate": [], "order_validity": [], "organization": [], "container": [], "product": [], "user": [], "requests": []}`: emptyOrder(),
		`{"certificate": {"organization": [], "server_platform": [], "ca_cert": []}}`:                                               emptyOrder(),
		`{"certificate": null, "order_validity": null, "organization": null, "container": null, "product": null, "user": null,
		  "requests": null, "id": 5}`: orderWith(func(o *order) { o.ID = 5 }),
		`{"certificate": {}, "order_validity": {}, "organization": {}, "container": {}, "product": {}, "user": {}}`: emptyOrder(),
		`{"requests": [[], null, {}]}`: orderWith(func(o *order) { o.Requests = make([]digicert.OrderRequest, 3) }),
		`{"certificate": {"dns_names": null, "emails": [], "organization_units": null}}`: emptyOrder(),

		// Dates in their three shapes.
		`{"date_created": "2018-11-29 01:48:04"}`:                  orderWith(func(o *order) { o.DateCreated = utc(2018, time.November, 29, 1, 48, 4) }),
		`{"date_created": "2018-11-29"}`:                           orderWith(func(o *order) { o.DateCreated = utc(2018, time.November, 29, 0, 0, 0) }),
		`{"date_issued": "2018-11-29T01:48:04-01:00"}`:             orderWith(func(o *order) { o.DateIssued = utc(2018, time.November, 29, 2, 48, 4) }),
		`{"order_valid_till": "2021-06-15"}`:                       orderWith(func(o *order) { o.OrderValidTill = june15 }),
		`{"order_valid_till": "2021-06-15 23:59:59"}`:              orderWith(func(o *order) { o.OrderValidTill = june15 }),
		`{"order_valid_till": "2021-06-15T23:59:59+00:00"}`:        orderWith(func(o *order) { o.OrderValidTill = june15 }),
		`{"order_valid_till": "", "date_created": ""}`:             emptyOrder(),
		`{"requests": [{"date": "2018-11-29 01:48:04"}]}`:          orderWith(func(o *order) { o.Requests = []digicert.OrderRequest{{Date: utc(2018, time.November, 29, 1, 48, 4)}} }),
		`{"certificate": {"valid_from": "2021-06-15 00:00:00"}}`:   certificate(func(c *digicert.Certificate) { c.ValidFrom = june15 }),
		`{"certificate": {"date_created": "2018-11-29 01:48:04"}}`: certificate(func(c *digicert.Certificate) { c.DateCreated = utc(2018, time.November, 29, 1, 48, 4) }),

		// The certificate's fields.
		`{"certificate": {"id": "7", "key_size": "2048", "days_remaining": "-3"}}`: certificate(func(c *digicert.Certificate) { c.ID, c.KeySize, c.DaysRemaining = 7, 2048, new(-3) }),
		`{"certificate": {"ca_cert": {"id": 7}, "server_platform": {"id": "-1"}}}`: certificate(func(c *digicert.Certificate) { c.CACert.ID, c.ServerPlatform.ID = "7", -1 }),
		`{"certificate": {"emails": ["a", 1, null]}}`:                              certificate(func(c *digicert.Certificate) { c.Emails = []string{"a", "1", ""} }),
		// A pending order.
		`{"id": 1, "status": "pending", "certificate": {"id": 2, "common_name": "a", "dns_names": ["a"], "csr": "<csr>", "key_size": 2048}}`: orderWith(func(o *order) {
			o.ID, o.Status = 1, digicert.OrderStatusPending
			o.Certificate.ID, o.Certificate.CommonName, o.Certificate.DNSNames, o.Certificate.CSR, o.Certificate.KeySize = 2, "a", []string{"a"}, "<csr>", 2048
		}),

		// Open enumerations and unknown keys.
		`{"status": "brand_new", "payment_method": "brand_new", "cs_provisioning_method": "brand_new"}`: orderWith(func(o *order) {
			o.Status, o.PaymentMethod, o.CSProvisioningMethod = "brand_new", "brand_new", "brand_new"
		}),
		`{"certificate": {"status": "brand_new", "brand_new": [{}]}}`: certificate(func(c *digicert.Certificate) { c.Status = "brand_new" }),
		`{"product": {"type": "brand_new", "validation_type": "brand_new"}}`: orderWith(func(o *order) {
			o.Product.Type, o.Product.ValidationType = "brand_new", "brand_new"
		}),
		`{"organization_contact": {"brand_new": 1}, "technical_contact": [], "notes": null, "certificate": {"cert_validity": []}}`: emptyOrder(),

		// A repeated object is the last one, and not a mixture.
		`{"product": {"name_id": "a"}, "product": {"validation_type": "b"}}`:               orderWith(func(o *order) { o.Product.ValidationType = "b" }),
		`{"certificate": {"id": 1, "emails": ["a"]}, "certificate": {"common_name": "b"}}`: certificate(func(c *digicert.Certificate) { c.CommonName = "b" }),
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.StatusOK, row)
			var got order // Orders.Get refuses an order without its id
			require.NoError(t, c.Get(t.Context(), "/order/certificate/1", nil, &got))
			require.Equal(t, want, got)

			c, _ = serve(t, http.StatusOK, `{"orders": [`+row+`]}`)
			page, err := c.Orders.List(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, []order{want}, page.Orders)
		})
	}
}

// What only one subaccount's order has.
func TestTolerantSubaccountOrder(t *testing.T) {
	t.Parallel()
	type order = digicert.SubaccountOrder
	june15 := digicert.Date{Year: 2021, Month: time.June, Day: 15}
	issuer := func(issuer digicert.CACert) order {
		return order{Certificate: digicert.OrderCertificate{CACert: issuer}}
	}
	for row, want := range map[string]order{
		`{}`:                     {},
		`[]`:                     {},
		`null`:                   {},
		`{"organization": []}`:   {},
		`{"organization": null}`: {},
		`{"organization": {}}`:   {Organization: digicert.Organization{}},
		`{"organization": {"id": "4", "assumed_name": null}}`:  {Organization: digicert.Organization{ID: 4}},
		`{"certificate": {"ca_cert": []}}`:                     {},
		`{"certificate": {"ca_cert": null}}`:                   {},
		`{"certificate": {"ca_cert": {}}}`:                     issuer(digicert.CACert{}),
		`{"certificate": {"ca_cert": {"id": 7}}}`:              issuer(digicert.CACert{ID: "7"}),
		`{"is_multi_year_plan": "1"}`:                          {IsMultiYearPlan: true},
		`{"is_multi_year_plan": 0}`:                            {},
		`{"order_valid_from": "2021-06-15"}`:                   {OrderValidFrom: june15},
		`{"order_valid_till": "2021-06-15 23:59:59"}`:          {OrderValidTill: june15},
		`{"order_valid_till": "2021-06-15T23:59:59+00:00"}`:    {OrderValidTill: june15},
		`{"order_valid_from": null, "order_valid_till": null}`: {},
		`{"order_valid_from": "", "order_valid_till": ""}`:     {},
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.StatusOK, row)
			var got order // GetOrder refuses an order without its id
			require.NoError(t, c.Get(t.Context(), "/account/subaccount/order/1", nil, &got))
			require.Equal(t, withLists(want), got)
		})
	}
}

// However the service says that something is not there, it is not there: by leaving it out, by null, and for an object or a
// list by []. No list is ever nil.
func TestTolerantAbsence(t *testing.T) {
	t.Parallel()
	for _, a := range composedAnswers() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			var doc any
			require.NoError(t, json.Unmarshal([]byte(a.body), &doc))
			decoded := func(v any) any {
				body, err := json.Marshal(v)
				require.NoError(t, err)
				c, _ := serve(t, http.StatusOK, string(body))
				got, err := a.do(t.Context(), c)
				require.NoError(t, err, "%s", body)
				requireNoNilList(t, got)
				return got
			}
			require.Equal(t, a.want, decoded(doc))
			for _, path := range places(doc, nil) {
				switch {
				case slices.Contains(path, any("account_manager")), slices.Contains(path, any("prices")), slices.Contains(path, any("allowed_order_lifetimes")):
					continue // it is kept as it comes
				case len(path) == 1 && (path[0] == "id" || path[0] == "name_id"):
					continue // without its id an order is refused
				}
				left := decoded(replaced(doc, path))
				require.Equal(t, left, decoded(replaced(doc, path, nil)), "%v is null", path)
				switch at(doc, path).(type) {
				case []any, map[string]any:
					require.Equal(t, left, decoded(replaced(doc, path, []any{})), "%v is []", path)
				}
			}
		})
	}
}

// places are the paths to all values of all objects within v.
func places(v any, path []any) (all [][]any) {
	step := func(key, value any) {
		inner := append(slices.Clone(path), key)
		if _, name := key.(string); name {
			all = append(all, inner)
		}
		all = append(all, places(value, inner)...)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			step(name, v[name])
		}
	case []any:
		for i := range v {
			step(i, v[i])
		}
	}
	return all
}

// at returns the value at a path.
func at(v any, path []any) any {
	for _, key := range path {
		switch k := key.(type) {
		case string:
			v = v.(map[string]any)[k]
		case int:
			v = v.([]any)[k]
		}
	}
	return v
}

// replaced returns v with another value at a path, or with none.
func replaced(v any, path []any, by ...any) any {
	switch key := path[0].(type) {
	case string:
		object := maps.Clone(v.(map[string]any))
		switch {
		case len(path) > 1:
			object[key] = replaced(object[key], path[1:], by...)
		case len(by) == 0:
			delete(object, key)
		default:
			object[key] = by[0]
		}
		return object
	case int:
		list := slices.Clone(v.([]any))
		list[key] = replaced(list[key], path[1:], by...)
		return list
	}
	panic("no path")
}

// requireNoNilList asserts that no list within v is nil.
func requireNoNilList(t testing.TB, v any) {
	t.Helper()
	var walk func(v reflect.Value, name string)
	walk = func(v reflect.Value, name string) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem(), name)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(v.Field(i), name+"."+f.Name)
				}
			}
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				return
			}
			require.False(t, v.IsNil(), name)
			for i := range v.Len() {
				walk(v.Index(i), name)
			}
		default:
		}
	}
	walk(reflect.ValueOf(v), "")
}

// A certificate that is [] is an empty one; whether that is none is not documented.
func TestTolerantOrderCertificate(t *testing.T) {
	t.Parallel()
	for _, absent := range []string{`[]`, `[ ]`, `null`} {
		got, err := decodeOrder(t, `{"id": 5, "certificate": `+absent+`, "validity_years": 2}`)
		require.NoError(t, err)
		require.Equal(t, withLists(digicert.SubaccountOrder{ID: 5, ValidityYears: 2}), got, absent)
		require.True(t, got.Certificate.IsZero(), absent)
	}
}

// Whole answers, of which the list or all is missing.
func TestTolerantAnswers(t *testing.T) {
	t.Parallel()
	nothing := []string{`{}`, `[]`, " [ ]\n", `null`, `{"brand_new": 1}`}

	for _, body := range append([]string{`{"certificates": null}`, `{"certificates": []}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Reissues.List(t.Context(), 1, nil)
		require.NoError(t, err, body)
		require.Equal(t, []digicert.Reissue{}, got, body)
	}
	for _, body := range append([]string{`{"orders": null}`, `{"orders": []}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
		require.NoError(t, err, body)
		require.Equal(t, []digicert.StatusChange{}, got, body)
	}
	for _, body := range append([]string{`{"orders": null, "page": null}`, `{"orders": [], "page": []}`, `{"page": {}}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Subaccounts.ListOrders(t.Context(), nil)
		require.NoError(t, err, body)
		require.Equal(t, &digicert.SubaccountOrderPage{Orders: []digicert.SubaccountOrder{}}, got, body)
	}

	for _, body := range append([]string{`{"orders": null, "page": null}`, `{"orders": [], "page": []}`, `{"page": {}}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Orders.List(t.Context(), nil)
		require.NoError(t, err, body)
		require.Equal(t, &digicert.OrderPage{Orders: []digicert.Order{}}, got, body)
	}
	for _, body := range append([]string{`{"certificates": null}`, `{"certificates": []}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Orders.Duplicates(t.Context(), 1, nil)
		require.NoError(t, err, body)
		require.Equal(t, []digicert.Duplicate{}, got, body)
	}
	for _, body := range append([]string{`{"subaccounts": null, "page": null}`, `{"child_accounts": [], "page": []}`, `{"page": {}}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Subaccounts.List(t.Context(), nil)
		require.NoError(t, err, body)
		require.Equal(t, &digicert.SubaccountPage{Subaccounts: []digicert.SubaccountInfo{}}, got, body)
	}
	for _, body := range append([]string{`{"intermediates": null}`, `{"intermediates": []}`}, nothing...) {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Certificates.Chain(t.Context(), 1)
		require.NoError(t, err, body)
		require.Equal(t, []digicert.ChainCertificate{}, got, body)
	}

	c, _ := serve(t, http.StatusOK, `{"page": {"total": 0, "limit": 1000, "offset": 0}}`)
	page, err := c.Subaccounts.ListOrders(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, &digicert.SubaccountOrderPage{Orders: []digicert.SubaccountOrder{}, Page: digicert.PageInfo{Limit: 1000}}, page)

	c, _ = serve(t, http.StatusOK, `{"page": {"total": "3", "limit": "0", "offset": "2", "more": true}, "orders": [{"id": "1"}, {}]}`)
	page, err = c.Subaccounts.ListOrders(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, &digicert.SubaccountOrderPage{
		Orders: []digicert.SubaccountOrder{withLists(digicert.SubaccountOrder{ID: 1}), withLists(digicert.SubaccountOrder{})},
		Page:   digicert.PageInfo{Total: 3, Offset: 2},
	}, page)

	c, _ = serve(t, http.StatusOK, `{"orders": [{"order_id": "265", "certificate_id": "112233", "status": "brand_new", "x": 1}, [], null]}`)
	changes, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []digicert.StatusChange{{OrderID: 265, CertificateID: 112233, Status: "brand_new"}, {}, {}}, changes)

	c, _ = serve(t, http.StatusOK, `{"certificates": [{"archived": "0"}, {"archived": "1"}, {"archived": 1}, {"archived": false, "status": "brand_new"}, [], null]}`)
	got, err := c.Orders.Duplicates(t.Context(), 1, nil)
	require.NoError(t, err)
	none := []string{}
	require.Equal(t, []digicert.Duplicate{
		{DNSNames: none},
		{DNSNames: none, Archived: true},
		{DNSNames: none, Archived: true},
		{DNSNames: none, Status: "brand_new"},
		{DNSNames: none},
		{DNSNames: none},
	}, got)

	c, _ = serve(t, http.StatusOK, `{"child_accounts": [{"account_id": "5", "date_created": "2018-11-29T01:48:04+00:00"}, {"date_created": "2018-11-29"}, []]}`)
	accounts, err := c.Subaccounts.List(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []digicert.SubaccountInfo{
		{AccountID: 5, DateCreated: utc(2018, time.November, 29, 1, 48, 4)}, {DateCreated: utc(2018, time.November, 29, 0, 0, 0)}, {},
	}, accounts.Subaccounts)

	c, _ = serve(t, http.StatusOK, `{"intermediates": [{"subject_common_name": 5, "pem": null, "x": {}}, [], null]}`)
	certificates, err := c.Certificates.Chain(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []digicert.ChainCertificate{{SubjectCommonName: "5"}, {}, {}}, certificates)
}

// The documented samples, sent with every leaf that may be a string as a string, say the same.
func TestTolerantSamples(t *testing.T) {
	t.Parallel()
	changed := func(text string, change func(any) any) string {
		var doc any
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		require.NoError(t, dec.Decode(&doc))
		body, err := json.Marshal(change(doc))
		require.NoError(t, err)
		return string(body)
	}
	quoted := func(name string) string { return changed(fixture(t, name), quoteNumbers) }
	for _, a := range composedAnswers() {
		for name, change := range map[string]func(any) any{
			"numbers as strings": quoteNumbers,
			"strings as numbers": unquoteNumbers,
			"unknown keys":       addUnknown,
		} {
			c, _ := serve(t, http.StatusOK, changed(a.body, change))
			got, err := a.do(t.Context(), c)
			require.NoError(t, err, "%s: %s", a.name, name)
			require.Equal(t, a.want, got, "%s: %s", a.name, name)
		}
	}

	c, _ := serve(t, http.StatusOK, quoted("reissues.json"))
	reissues, err := c.Reissues.List(t.Context(), 1, nil)
	require.NoError(t, err)
	require.Equal(t, sampleReissues(), reissues)

	c, _ = serve(t, http.StatusOK, quoted("subaccount_orders.json"))
	page, err := c.Subaccounts.ListOrders(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, samplePage(), page)

	c, _ = serve(t, http.StatusOK, quoted("status_changes.json"))
	changes, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
	require.NoError(t, err)
	require.Equal(t, sampleChanges(), changes)
}

func quoteNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = quoteNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = quoteNumbers(v[k])
		}
	}
	return v
}

// unquoteNumbers is the other way round.
func unquoteNumbers(v any) any {
	switch v := v.(type) {
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && strconv.FormatInt(n, 10) == v {
			return n
		}
	case []any:
		for i := range v {
			v[i] = unquoteNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = unquoteNumbers(v[k])
		}
	}
	return v
}

// addUnknown adds to every object what no type has.
func addUnknown(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = addUnknown(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = addUnknown(v[k])
		}
		v["brand_new"] = map[string]any{"id": []any{"x", nil, 1.5}}
	}
	return v
}

// What cannot be right is an error that names the place.
func TestDecodeErrorPointer(t *testing.T) {
	t.Parallel()
	const (
		reissues = "/order/certificate/123/reissue"
		orders   = "/account/subaccount/order"
		changes  = "/order/certificate/status-changes"
		info     = "/order/certificate/123"
		own      = "/order/certificate"
		copies   = "/order/certificate/123/duplicate"
		accounts = "/account/subaccount"
		account  = "/account/subaccount/order/123"
		chained  = "/certificate/5/chain"
	)
	row := func(field string) string { return `{"certificates": [{"id": 1}, {"id": 2, ` + field + `, "csr": ""}]}` }
	order := func(field string) string { return `{"orders": [{"id": 1, ` + field + `}]}` }

	for name, tc := range map[string]struct {
		path, body, pointer string
	}{
		"id is a word":              {reissues, `{"certificates": [{"id": "abc"}]}`, "/certificates/0/id"},
		"id is a fraction":          {reissues, row(`"user_id": 1.5`), "/certificates/1/user_id"},
		"id is a fraction, as text": {reissues, row(`"user_id": "1.5"`), "/certificates/1/user_id"},
		"id is too large":           {reissues, row(`"user_id": 9223372036854775808`), "/certificates/1/user_id"},
		"id is too large, as text":  {reissues, row(`"user_id": "9223372036854775808"`), "/certificates/1/user_id"},
		"id is a boolean":           {reissues, row(`"user_id": true`), "/certificates/1/user_id"},
		"id is an object":           {reissues, row(`"user_id": {"id": 1}`), "/certificates/1/user_id"},
		"id is a list":              {reissues, row(`"user_id": [1]`), "/certificates/1/user_id"},
		"id is hexadecimal":         {reissues, row(`"user_id": "0x1"`), "/certificates/1/user_id"},
		"count is a word":           {reissues, row(`"key_size": "many"`), "/certificates/1/key_size"},
		"count is a fraction":       {reissues, row(`"days_remaining": 0.5`), "/certificates/1/days_remaining"},
		"count is too large":        {reissues, row(`"days_remaining": 1` + strings.Repeat("0", 30)), "/certificates/1/days_remaining"},
		"bought is a word":          {reissues, row(`"purchased_dns_names": "some"`), "/certificates/1/purchased_dns_names"},
		"boolean is a word":         {reissues, row(`"archived": "yes"`), "/certificates/1/archived"},
		"boolean is 2":              {reissues, row(`"archived": 2`), "/certificates/1/archived"},
		"boolean is a list":         {reissues, row(`"archived": []`), "/certificates/1/archived"},
		"text is an object":         {reissues, row(`"email": {}`), "/certificates/1/email"},
		"text is a list":            {reissues, row(`"email": []`), "/certificates/1/email"},
		"status is a list":          {reissues, row(`"status": ["issued"]`), "/certificates/1/status"},
		"time is a word":            {reissues, row(`"date_created": "yesterday"`), "/certificates/1/date_created"},
		"time is a number":          {reissues, row(`"date_created": 1554744806`), "/certificates/1/date_created"},
		"time is no day":            {reissues, row(`"date_created": "2019-02-29"`), "/certificates/1/date_created"},
		"time is no hour":           {reissues, row(`"date_created": "2019-02-28 24:00:00"`), "/certificates/1/date_created"},
		"time has a tail":           {reissues, row(`"date_created": "2019-02-28T10:00:00Z and more"`), "/certificates/1/date_created"},
		"time is American":          {reissues, row(`"date_created": "04/08/2019"`), "/certificates/1/date_created"},
		"time is an object":         {reissues, row(`"date_issued": {"date": "2019-02-28"}`), "/certificates/1/date_issued"},
		"day is a word":             {reissues, row(`"valid_till": "never"`), "/certificates/1/valid_till"},
		"day is no day":             {reissues, row(`"valid_till": "2020-13-01"`), "/certificates/1/valid_till"},
		"day is a number":           {reissues, row(`"valid_till": 20200408`), "/certificates/1/valid_till"},
		"names are an object":       {reissues, row(`"dns_names": {"0": "a"}`), "/certificates/1/dns_names"},
		"names are an empty object": {reissues, row(`"dns_names": {}`), "/certificates/1/dns_names"},
		"names are a text":          {reissues, row(`"dns_names": "a"`), "/certificates/1/dns_names"},
		"a name is an object":       {reissues, row(`"dns_names": ["a", {}]`), "/certificates/1/dns_names/1"},
		"row is a text":             {reissues, `{"certificates": [{}, "a"]}`, "/certificates/1"},
		"row is a list":             {reissues, `{"certificates": [{}, [1]]}`, "/certificates/1"},
		"list is an object":         {reissues, `{"certificates": {"0": {"id": 1}}}`, "/certificates"},
		"list is an empty object":   {reissues, `{"certificates": {}}`, "/certificates"},
		"list is a text":            {reissues, `{"certificates": "none"}`, "/certificates"},
		"list is a boolean":         {reissues, `{"certificates": false}`, "/certificates"},
		"answer is a list":          {reissues, `[{"id": 1}]`, ""},
		"answer is a text":          {reissues, `"certificates"`, ""},
		"answer is a number":        {reissues, `5`, ""},
		"answer has a tail":         {reissues, `{"certificates": []} trailing`, ""},
		"answer has another":        {reissues, `{"certificates": []}{}`, ""},
		"answer has a brace":        {reissues, `{"certificates": []}}`, ""},
		"two empty lists":           {reissues, `[][]`, ""},

		"certificate is a list":        {orders, order(`"certificate": [{"id": 1}]`), "/orders/0/certificate"},
		"certificate is a number":      {orders, order(`"certificate": 5`), "/orders/0/certificate"},
		"certificate's id":             {orders, order(`"certificate": {"id": "x"}`), "/orders/0/certificate/id"},
		"certificate's day":            {orders, order(`"certificate": {"valid_till": "x"}`), "/orders/0/certificate/valid_till"},
		"certificate's units":          {orders, order(`"certificate": {"organization_units": [[]]}`), "/orders/0/certificate/organization_units/0"},
		"subaccount is a list":         {orders, order(`"subaccount": [5]`), "/orders/0/subaccount"},
		"subaccount is a text":         {orders, order(`"subaccount": "none"`), "/orders/0/subaccount"},
		"subaccount's id":              {orders, order(`"subaccount": {"account_id": "x"}`), "/orders/0/subaccount/account_id"},
		"subaccount's type":            {orders, order(`"subaccount": {"account_type": {}}`), "/orders/0/subaccount/account_type"},
		"product is a list":            {orders, order(`"product": [[]]`), "/orders/0/product"},
		"product is a boolean":         {orders, order(`"product": false`), "/orders/0/product"},
		"price is a list":              {orders, order(`"order_price": [1]`), "/orders/0/order_price"},
		"price is a number":            {orders, order(`"order_price": 198`), "/orders/0/order_price"},
		"cost is a word":               {orders, order(`"order_price": {"cost": "much"}`), "/orders/0/order_price/cost"},
		"cost is not a number":         {orders, order(`"order_price": {"cost": "NaN"}`), "/orders/0/order_price/cost"},
		"cost is a boolean":            {orders, order(`"order_price": {"cost": true}`), "/orders/0/order_price/cost"},
		"cost is a list":               {orders, order(`"order_price": {"cost": []}`), "/orders/0/order_price/cost"},
		"cost is astronomical":         {orders, order(`"order_price": {"cost": 1e999999999}`), "/orders/0/order_price/cost"},
		"cost is microscopic":          {orders, order(`"order_price": {"cost": "1e-999999999"}`), "/orders/0/order_price/cost"},
		"cost has 300 digits":          {orders, order(`"order_price": {"cost": ` + strings.Repeat("9", 300) + `}`), "/orders/0/order_price/cost"},
		"cost has 300 zeros":           {orders, order(`"order_price": {"cost": 1e300}`), "/orders/0/order_price/cost"},
		"cost has 300 places":          {orders, order(`"order_price": {"cost": 1e-300}`), "/orders/0/order_price/cost"},
		"page is a number":             {orders, `{"page": 1}`, "/page"},
		"page is a list":               {orders, `{"page": [1]}`, "/page"},
		"page's total":                 {orders, `{"page": {"total": "all"}}`, "/page/total"},
		"orders are an object":         {orders, `{"orders": {"1": {}}}`, "/orders"},
		"changed order's id":           {changes, `{"orders": [{"order_id": 1}, {"order_id": null}, {"order_id": "x"}]}`, "/orders/2/order_id"},
		"changed certificate's id":     {changes, `{"orders": [{"order_id": 1, "certificate_id": {}}]}`, "/orders/0/certificate_id"},
		"change is a number":           {changes, `{"orders": [1]}`, "/orders/0"},
		"own order's id":               {info, `{"id": "x"}`, "/id"},
		"own order's certificate":      {info, `{"certificate": [1]}`, "/certificate"},
		"own order's certificate's id": {info, `{"certificate": {"id": true}}`, "/certificate/id"},
		"own order's platform":         {info, `{"certificate": {"server_platform": {"id": "x"}}}`, "/certificate/server_platform/id"},
		"own order's issuer":           {info, `{"certificate": {"ca_cert": "x"}}`, "/certificate/ca_cert"},
		"own order's emails":           {info, `{"certificate": {"emails": [{}]}}`, "/certificate/emails/0"},
		"own order's organization":     {info, `{"organization": {"id": 1.5}}`, "/organization/id"},
		"own order's organizations":    {info, `{"organization": [{"id": 1}]}`, "/organization"},
		"own order's container":        {info, `{"container": {"id": "x"}}`, "/container/id"},
		"own order's product":          {info, `{"product": {"name_id": {}}}`, "/product/name_id"},
		"own order's user":             {info, `{"user": 5}`, "/user"},
		"own order's validity":         {info, `{"order_validity": {"days": "x"}}`, "/order_validity/days"},
		"own order's custom date":      {info, `{"order_validity": {"custom_expiration_date": {}}}`, "/order_validity/custom_expiration_date"},
		"own order's requests":         {info, `{"requests": {}}`, "/requests"},
		"own order's second request":   {info, `{"requests": [{}, {"date": "x"}]}`, "/requests/1/date"},
		"own order's price":            {info, `{"price": {"amount": 5}}`, "/price"},
		"own order's price in words":   {info, `{"price": "much"}`, "/price"},
		"own order's price is huge":    {info, `{"price": 1e999999999}`, "/price"},
		"own order is a list":          {info, `[{"id": 1}]`, ""},
		"own order is a text":          {info, `"x"`, ""},
		"own orders' counter":          {own, `{"orders": [{}, {"reissues_count": "x"}]}`, "/orders/1/reissues_count"},
		"own orders' flag":             {own, `{"orders": [{"has_duplicates": 2}]}`, "/orders/0/has_duplicates"},
		"own orders are an object":     {own, `{"orders": {}}`, "/orders"},
		"duplicate's archived":         {copies, `{"certificates": [{"archived": "2"}]}`, "/certificates/0/archived"},
		"duplicate is a text":          {copies, `{"certificates": ["x"]}`, "/certificates/0"},
		"duplicate's platform":         {copies, `{"certificates": [{"server_platform": [1]}]}`, "/certificates/0/server_platform"},
		"duplicate's day":              {copies, `{"certificates": [{"valid_from": "x"}]}`, "/certificates/0/valid_from"},
		"subaccount account's id":      {accounts, `{"subaccounts": [{"account_id": "x"}]}`, "/subaccounts/0/account_id"},
		"subaccount account's date":    {accounts, `{"child_accounts": [{"date_created": "x"}]}`, "/child_accounts/0/date_created"},
		"subaccounts are an object":    {accounts, `{"subaccounts": {}}`, "/subaccounts"},
		"subaccount order's day":       {account, `{"order_valid_till": "x"}`, "/order_valid_till"},
		"subaccount order's issuer":    {account, `{"certificate": {"ca_cert": [1]}}`, "/certificate/ca_cert"},
		"chain is an object":           {chained, `{"intermediates": {"0": {}}}`, "/intermediates"},
		"chain's PEM":                  {chained, `{"intermediates": [{"pem": ["x"]}]}`, "/intermediates/0/pem"},

		"names that need escaping": {"/certificate/6/chain", `{"a/b": {"c~d": ["x"]}}`, "/a~1b/c~0d/0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.StatusOK, tc.body)
			var result any
			var err error
			switch tc.path {
			case reissues:
				result, err = c.Reissues.List(t.Context(), 123, nil)
			case orders:
				result, err = c.Subaccounts.ListOrders(t.Context(), nil)
			case changes:
				result, err = c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
			case info:
				result, err = c.Orders.Get(t.Context(), 123)
			case own:
				result, err = c.Orders.List(t.Context(), nil)
			case copies:
				result, err = c.Orders.Duplicates(t.Context(), 123, nil)
			case accounts:
				result, err = c.Subaccounts.List(t.Context(), nil)
			case account:
				result, err = c.Subaccounts.GetOrder(t.Context(), 123)
			case chained:
				result, err = c.Certificates.Chain(t.Context(), 5)
			default:
				var m map[string]map[string][]int
				err = c.Get(t.Context(), tc.path, nil, &m)
				result = m
			}
			requireDecodeError(t, err, tc.path, tc.pointer)
			require.Empty(t, result)
		})
	}
}

// A body may end anywhere, and is then never taken for a whole one. Whatever it is decoded into stays as it was.
func TestDecodeTruncated(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	bodies := make(map[string]string)
	for _, file := range files {
		bodies[file] = strings.TrimSpace(fixture(t, filepath.Base(file)))
	}
	for _, a := range composedAnswers() {
		bodies[a.name] = strings.TrimSpace(a.body)
	}
	require.Greater(t, len(bodies), 6)
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; n < len(body); n++ {
				page := *samplePage()
				reissues := sampleReissues()
				texts := map[string]any{"old": 1}
				for _, result := range []any{&page, &reissues, &texts, new(digicert.Order)} {
					err := fuzzClient(t, http.StatusOK, []byte(body[:n])).Get(t.Context(), "/x", nil, result)
					var undecoded *digicert.DecodeError
					require.ErrorAs(t, err, &undecoded, "%d bytes", n)
					require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
					if n%50 == 0 {
						requireOneLine(t, err)
					}
				}
				if n%50 == 0 {
					require.Equal(t, *samplePage(), page)
					require.Equal(t, sampleReissues(), reissues)
				}
				require.Equal(t, map[string]any{"old": 1}, texts)
			}
		})
	}
	for _, a := range composedAnswers() {
		for n := 1; n < len(a.body); n++ {
			got, err := a.do(t.Context(), fuzzClient(t, http.StatusOK, []byte(a.body[:n])))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s: %d bytes", a.name, n)
			require.Empty(t, got)
		}
	}

	c, _ := serve(t, http.StatusOK, `{"certificates": [{"id": 1, "dns_names": ["a", "b`)
	_, err = c.Reissues.List(t.Context(), 1, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var undecoded *digicert.DecodeError
	require.ErrorAs(t, err, &undecoded)
	require.True(t, strings.HasPrefix(undecoded.Pointer, "/certificates/0"), undecoded.Pointer)
}

// Garbage behind or within is not a body that was cut short, which might be better the next time.
func TestDecodeGarbageIsNotTruncation(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `<html>`, `{"certificates": []} x`, `{"certificates": [{"id": "abc"}]}`, `{"certificates": }`} {
		c, _ := serve(t, http.StatusOK, body)
		_, err := c.Reissues.List(t.Context(), 1, nil)
		require.Error(t, err, body)
		require.NotErrorIs(t, err, io.ErrUnexpectedEOF, body)
	}
}

// A result is whole or untouched, and of a success nothing remains that it did not say.
func TestDecodeIntoFilled(t *testing.T) {
	t.Parallel()
	filled := func() digicert.SubaccountOrderPage {
		page := *samplePage()
		page.Orders[0].Certificate = digicert.OrderCertificate{ID: 9, DNSNames: []string{"old"}}
		return page
	}
	for _, body := range []string{
		`{"page": {"total": 7}, "orders": [{"id": 1, "certificate": {"id": 2}}, {"id": "abc"}]}`,
		`{"page": {"total": 7}, "orders": [{"id": 1}], "errors": [{"code": "a"}]}`,
		`{"page": {"total": 7}, "orders": [{"id": 1}]} x`,
		`{"page": {"total": 7}, "orders": [{"id": 1`,
		``,
	} {
		result := filled()
		c, _ := serve(t, http.StatusOK, body)
		require.Error(t, c.Get(t.Context(), "/x", nil, &result), body)
		require.Equal(t, filled(), result, body)
	}

	result := filled()
	c, _ := serve(t, http.StatusOK, `{"orders": [{"id": 1, "certificate": {"common_name": "new"}}]}`)
	require.NoError(t, c.Get(t.Context(), "/x", nil, &result))
	require.Equal(t, digicert.SubaccountOrderPage{Orders: []digicert.SubaccountOrder{{
		ID:          1,
		Certificate: digicert.OrderCertificate{CommonName: "new", DNSNames: []string{}, OrganizationUnits: []string{}},
	}}}, result)

	m := map[string]int{"old": 1}
	require.NoError(t, c.Get(t.Context(), "/x", nil, new(any)))
	c, _ = serve(t, http.StatusOK, `{"new": "2"}`)
	require.NoError(t, c.Get(t.Context(), "/x", nil, &m))
	require.Equal(t, map[string]int{"new": 2}, m)
}

// The same leniency for the structs of callers of Get, by the types of their fields.
func TestDecodeCallersStruct(t *testing.T) {
	t.Parallel()
	type info struct {
		ID         digicert.OrderID              `json:"id"`
		Renewed    int64                         `json:"renewed_order_id"`
		MultiYear  bool                          `json:"is_multi_year_plan"`
		Receipt    string                        `json:"receipt_id"`
		Created    time.Time                     `json:"date_created"`
		ValidTill  digicert.Date                 `json:"order_valid_till"`
		Price      decimal.Decimal               `json:"price"`
		Emails     []string                      `json:"emails"`
		Product    *digicert.Product             `json:"product"`
		Duplicates []digicert.Reissue            `json:"duplicates"`
		Users      []digicert.UserID             `json:"users"`
		Accounts   map[string]digicert.AccountID `json:"accounts"`
	}
	c, _ := serve(t, http.StatusOK, `{"id": "5", "renewed_order_id": "0", "is_multi_year_plan": "1", "receipt_id": 77,
		"date_created": "2018-11-29 01:48:04", "order_valid_till": "2020-04-08T00:00:00+00:00", "price": "198.50", "emails": null,
		"product": {"name_id": "ssl_plus"}, "duplicates": [{"id": "8"}], "users": ["1", 2], "accounts": {"a": "3"}}`)

	var got info
	require.NoError(t, c.Get(t.Context(), "/order/certificate/5", nil, &got))

	require.Equal(t, info{
		ID: 5, MultiYear: true, Receipt: "77", Created: utc(2018, time.November, 29, 1, 48, 4),
		ValidTill: digicert.Date{Year: 2020, Month: time.April, Day: 8}, Price: decimal.RequireFromString("198.50"), Emails: []string{},
		Product:    &digicert.Product{NameID: "ssl_plus"},
		Duplicates: []digicert.Reissue{{ID: 8, DNSNames: []string{}}},
		Users:      []digicert.UserID{1, 2}, Accounts: map[string]digicert.AccountID{"a": 3},
	}, got)
}

// A sample that was decoded, encoded and decoded again is what it was, whoever encodes and decodes.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	t.Run("reissues", func(t *testing.T) {
		t.Parallel()
		given := append(sampleReissues(), digicert.Reissue{
			ID: 1, DNSNames: []string{}, DateIssued: utc(2024, time.April, 8, 18, 33, 26), Archived: true,
			DaysRemaining: new(0), PurchasedDNSNames: new(0), PurchasedWildcardNames: new(0),
		})
		type answer struct {
			Certificates []digicert.Reissue `json:"certificates"`
		}
		requireRoundTrip(t, answer{given}, func(c *digicert.Client) (answer, error) {
			rows, err := c.Reissues.List(t.Context(), 1, nil)
			return answer{rows}, err
		})
	})
	t.Run("subaccount orders", func(t *testing.T) {
		t.Parallel()
		given := samplePage()
		given.Orders[1].OrderPrice.Cost = decimal.RequireFromString("12345678901234567890.10")
		requireRoundTrip(t, *given, func(c *digicert.Client) (digicert.SubaccountOrderPage, error) {
			page, err := c.Subaccounts.ListOrders(t.Context(), nil)
			return *page, err
		})
	})
	t.Run("no subaccount orders", func(t *testing.T) {
		t.Parallel()
		requireRoundTrip(t, digicert.SubaccountOrderPage{Orders: []digicert.SubaccountOrder{}}, func(c *digicert.Client) (digicert.SubaccountOrderPage, error) {
			page, err := c.Subaccounts.ListOrders(t.Context(), nil)
			return *page, err
		})
	})
	t.Run("status changes", func(t *testing.T) {
		t.Parallel()
		type answer struct {
			Orders []digicert.StatusChange `json:"orders"`
		}
		requireRoundTrip(t, answer{sampleChanges()}, func(c *digicert.Client) (answer, error) {
			rows, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
			return answer{rows}, err
		})
	})
}

func TestRoundTripComposed(t *testing.T) {
	t.Parallel()
	t.Run("Orders.Get", func(t *testing.T) {
		t.Parallel()
		requireRoundTrip(t, *orderInfo(), func(c *digicert.Client) (digicert.Order, error) {
			order, err := c.Orders.Get(t.Context(), 123457)
			return *order, err
		})
		requireRoundTrip(t, orderWith(func(o *digicert.Order) { o.ID = 1 }), func(c *digicert.Client) (digicert.Order, error) {
			order, err := c.Orders.Get(t.Context(), 1)
			return *order, err
		})
	})
	t.Run("Orders.List", func(t *testing.T) {
		t.Parallel()
		given := ordersPage()
		given.Orders[1].Price = digicert.Amount{} // that it was sent as 0 is not kept
		requireRoundTrip(t, *given, func(c *digicert.Client) (digicert.OrderPage, error) {
			page, err := c.Orders.List(t.Context(), nil)
			return *page, err
		})
		requireRoundTrip(t, digicert.OrderPage{Orders: []digicert.Order{}}, func(c *digicert.Client) (digicert.OrderPage, error) {
			page, err := c.Orders.List(t.Context(), nil)
			return *page, err
		})
	})
	t.Run("Orders.Duplicates", func(t *testing.T) {
		t.Parallel()
		type answer struct {
			Certificates []digicert.Duplicate `json:"certificates"`
		}
		requireRoundTrip(t, answer{duplicates()}, func(c *digicert.Client) (answer, error) {
			rows, err := c.Orders.Duplicates(t.Context(), 1, nil)
			return answer{rows}, err
		})
	})
	t.Run("Subaccounts.List", func(t *testing.T) {
		t.Parallel()
		for _, given := range []digicert.SubaccountPage{*subaccountsPage(), {Subaccounts: []digicert.SubaccountInfo{}}} {
			requireRoundTrip(t, given, func(c *digicert.Client) (digicert.SubaccountPage, error) {
				page, err := c.Subaccounts.List(t.Context(), nil)
				return *page, err
			})
		}
	})
	t.Run("Subaccounts.GetOrder", func(t *testing.T) {
		t.Parallel()
		requireRoundTrip(t, *subaccountOrder(), func(c *digicert.Client) (digicert.SubaccountOrder, error) {
			order, err := c.Subaccounts.GetOrder(t.Context(), 123457)
			return *order, err
		})
	})
	t.Run("Certificates.Chain", func(t *testing.T) {
		t.Parallel()
		type answer struct {
			Intermediates []digicert.ChainCertificate `json:"intermediates"`
		}
		requireRoundTrip(t, answer{chain()}, func(c *digicert.Client) (answer, error) {
			rows, err := c.Certificates.Chain(t.Context(), 1)
			return answer{rows}, err
		})
	})
}

func requireRoundTrip[T any](t *testing.T, given T, list func(*digicert.Client) (T, error)) {
	t.Helper()
	for name, marshal := range marshalers {
		encoded, err := marshal(given)
		require.NoError(t, err, name)

		c, _ := serve(t, http.StatusOK, string(encoded))
		got, err := list(c)
		require.NoError(t, err, name)
		require.Equal(t, given, got, name)

		got = *new(T)
		require.NoError(t, json.Unmarshal(encoded, &got), name)
		require.Equal(t, withoutAbsent(given), got, name)

		got = *new(T)
		require.NoError(t, jsonv2.Unmarshal(encoded, &got), name)
		require.Equal(t, withoutAbsent(given), got, name)
	}
}

// withoutAbsent returns v as other decoders than the client's see it: a certificate that was not sent is not part of the
// JSON, and its lists are nil.
func withoutAbsent[T any](v T) T {
	order := func(o *digicert.Order) {
		if o.Certificate.IsZero() {
			o.Certificate = digicert.Certificate{}
		}
	}
	subaccountOrder := func(o *digicert.SubaccountOrder) {
		if o.Certificate.IsZero() {
			o.Certificate = digicert.OrderCertificate{}
		}
	}
	switch v := any(&v).(type) {
	case *digicert.Order:
		order(v)
	case *digicert.OrderPage:
		v.Orders = slices.Clone(v.Orders)
		for i := range v.Orders {
			order(&v.Orders[i])
		}
	case *digicert.OrderHistory:
		v.Order = new(*v.Order)
		order(v.Order)
	case *digicert.SubaccountOrder:
		subaccountOrder(v)
	case *digicert.SubaccountOrderPage:
		v.Orders = slices.Clone(v.Orders)
		for i := range v.Orders {
			subaccountOrder(&v.Orders[i])
		}
	}
	return v
}

// The samples are encoded under the names that the service documents, and nothing is added to them.
func TestMarshalSamples(t *testing.T) {
	t.Parallel()
	for name, marshal := range marshalers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The one difference: what is bought arrives as strings and leaves as numbers.
			want := strings.NewReplacer(`"purchased_dns_names": "2"`, `"purchased_dns_names": 2`,
				`"purchased_wildcard_names": "1"`, `"purchased_wildcard_names": 1`, `+00:00"`, `Z"`).Replace
			for file, v := range map[string]any{
				"reissues.json":          map[string]any{"certificates": sampleReissues()},
				"subaccount_orders.json": samplePage(),
				"status_changes.json":    map[string]any{"orders": sampleChanges()},
			} {
				encoded, err := marshal(v)
				require.NoError(t, err)
				require.JSONEq(t, want(fixture(t, file)), string(encoded), file)
			}
		})
	}
}

// So are the answers of which there is no sample.
func TestMarshalComposed(t *testing.T) {
	t.Parallel()
	// The differences: what stands for a boolean or a number in a string leaves as what it is, and a number that stands for
	// a text as a text; of zeros and [] nothing is left, and lists that were not sent are empty ones.
	const noLists = `"requests": [], "additional_emails": [], "custom_fields": [], "notes": []`
	want := strings.NewReplacer(`+00:00"`, `Z"`,
		`"2018-11-29 01:48:04"`, `"2018-11-29T01:48:04Z"`,
		`"2020-02-29 23:59:59"`, `"2020-02-29T23:59:59Z"`,
		`"is_multi_year_plan": "1"`, `"is_multi_year_plan": true`,
		`"receipt_id": 8`, `"receipt_id": "8"`,
		`"purchased_dns_names": "2"`, `"purchased_dns_names": 2`,
		`"purchased_wildcard_names": "0"`, `"purchased_wildcard_names": 0`,
		`"archived": "1"`, `"archived": true`,
		`, "archived": "0"`, ``,
		`"is_renewed": false,`, ``,
		`"organization": [],`, ``,
		`"price": 0`, noLists,
		`"number_of_sans"`, noLists+`, "number_of_sans"`,
		`"cert_validity": {"years": 1}}`, `"cert_validity": {"years": 1}, "emails": [], "organization_units": []}`,
		`"signature_hash": "sha256"}`, `"signature_hash": "sha256", "emails": [], "organization_units": []}`).Replace
	for _, a := range composedAnswers() {
		text := want(a.body)
		v := a.want
		switch a.name {
		case "Orders.Duplicates":
			v = map[string]any{"certificates": v}
		case "Certificates.Chain":
			v = map[string]any{"intermediates": v}
		case "Subaccounts.GetOrder": // it has no requests
			text = strings.Replace(text, noLists+`,`, ``, 1)
		}
		for name, marshal := range marshalers {
			encoded, err := marshal(v)
			require.NoError(t, err)
			require.JSONEq(t, text, string(encoded), "%s by %s", a.name, name)
		}
	}
}

// A zero optional field is left out.
func TestMarshalZero(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		v    any
		want string
	}{
		{digicert.Reissue{}, `{}`},
		{digicert.Reissue{DNSNames: []string{}}, `{"dns_names":[]}`},
		{digicert.SubaccountOrder{}, `{}`},
		{digicert.OrderCertificate{}, `{}`},
		{digicert.Subaccount{}, `{}`},
		{digicert.Product{}, `{}`},
		{digicert.StatusChange{}, `{}`},
		{digicert.PageInfo{}, `{"total":0,"limit":0,"offset":0}`},
		{digicert.Order{}, `{}`},
		{digicert.Certificate{}, `{}`},
		{digicert.Certificate{DNSNames: []string{}}, `{"dns_names":[]}`},
		{digicert.OrderValidity{}, `{}`},
		{digicert.Organization{}, `{}`},
		{digicert.Container{}, `{}`},
		{digicert.Container{IsActive: new(false)}, `{"is_active":false}`},
		{digicert.OrderProduct{}, `{}`},
		{digicert.User{}, `{}`},
		{digicert.OrderRequest{}, `{}`},
		{digicert.ServerPlatform{}, `{}`},
		{digicert.CACert{}, `{}`},
		{digicert.Duplicate{}, `{}`},
		{digicert.SubaccountInfo{}, `{}`},
		{digicert.ChainCertificate{}, `{}`},
		{digicert.HistoryEntry{}, `{}`},
		{digicert.Order{HasReissues: new(false), ReissuesCount: new(0)}, `{"has_reissues":false,"reissues_count":0}`},
	} {
		for name, marshal := range marshalers {
			encoded, err := marshal(tc.v)
			require.NoError(t, err)
			require.JSONEq(t, tc.want, string(encoded), fmt.Sprintf("%T by %s", tc.v, name))
		}
	}
}

// White space may be anywhere, names may be escaped, and a byte order mark may come first.
func TestDecodeSyntax(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    int            `json:"id"`
		Names []string       `json:"names"`
		Map   map[string]int `json:"map"`
		Any   any            `json:"any"`
	}
	want := row{ID: 5, Names: []string{"a", "b"}, Map: map[string]int{"k/": 1, "": 2}, Any: []any{map[string]any{}, []any{}, nil, 1.5, "x"}}
	for _, body := range []string{
		`{"id":5,"names":["a","b"],"map":{"k/":1,"":2},"any":[{},[],null,1.5,"x"]}`,
		" \t\r\n{ \n\"id\" : 5 ,\t\"names\"\r:\n[ \"a\" , \"b\" ] , \"map\" : { \"k/\" : 1 , \"\" : 2 } , \"any\" : [ { } , [ ] , null , 1.5 , \"x\" ] } \n\n",
		`{"\u0069d":5,"n\u0061mes":["\u0061","b"],"map":{"k\/":1,"":2},"any":[{},[],null,1.5,"\u0078"]}`,
		"\ufeff" + `{"id":5,"names":["a","b"],"map":{"k/":1,"":2},"any":[{},[],null,1.5,"x"]}`,
		`{"id":1,"id":5,"names":["c"],"names":["a","b"],"map":{"z":1},"map":{"k/":9,"k/":1,"":2},"any":{},"any":[{},[],null,1.5,"x"]}`,
		`{"skip":"\\\"}]","skip":["}",{"]":"\\"}],"id":5,"names":["a","b"],"map":{"k/":1,"":2},"any":[{},[],null,1.5,"x"]}`,
	} {
		c, _ := serve(t, http.StatusOK, body)
		var got row
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got), body)
		require.Equal(t, want, got, body)
	}
	deep := func(n int) error {
		c, _ := serve(t, http.StatusOK, strings.Repeat("[", n)+strings.Repeat("]", n))
		return c.Get(t.Context(), "/x", nil, new(any))
	}
	require.NoError(t, deep(10_000))
	err := deep(10_001)
	var undecoded *digicert.DecodeError
	require.ErrorAs(t, err, &undecoded)
	requireOneLine(t, err)
}
