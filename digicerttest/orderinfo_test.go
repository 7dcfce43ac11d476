package digicerttest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

const ownPath = "/order/certificate"

func TestOrderInfo(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	require.NoError(t, s.SetStatusAt(5, "reissue_pending", noon))
	info := func(id int) map[string]any {
		r := get(t, s, fmt.Sprintf("%s/%d", ownPath, id))
		require.Equal(t, 200, r.status)
		return decoded(t, withoutCSR.ReplaceAllString(r.body, `"csr":"<csr>"`))
	}
	issued, _ := s.Order(1)
	const contact = `{"email":"logan.nelson@example.com","firstname":"Logan","lastname":"Nelson","first_name":"Logan","last_name":"Nelson",
		"job_title":"Administrator","telephone":"555-0100"}`
	const common = `"is_renewed":false,"is_out_of_contract":false,"renewed_order_id":0,"disable_renewal_notifications":false,
		"auto_renew":0,"auto_reissue":0,"container":{"id":5,"name":"Example Account"},
		"organization":{"id":117483,"name":"Example Organization","assumed_name":"Example Organization",
			"display_name":"Example Organization","city":"Springfield","state":"Illinois","country":"us"},
		"organization_contact":` + contact + `,"technical_contact":` + contact + `,
		"user":{"id":1576,"firstname":"Logan","lastname":"Nelson","first_name":"Logan","last_name":"Nelson","email":"logan.nelson@example.com"},
		"cs_provisioning_method":"none","payment_method":"balance",`
	const ofCertificate = `"csr":"<csr>","organization":{"id":117483},
		"server_platform":{"id":45,"name":"nginx","install_url":"https://docs.example/install/nginx","csr_url":"https://docs.example/csr/nginx"},
		"signature_hash":"sha256","key_size":256,"ca_cert":{"id":"D161CE127E57CA01","name":"digicerttest TLS CA"}}`
	require.Equal(t, decoded(t, `{"id":1,"status":"issued",`+common+`
		"date_created":"2023-06-15T12:00:00+00:00","date_issued":"2023-06-15T12:00:00+00:00","order_valid_till":"2025-06-15",
		"validity_years":2,"order_validity":{"years":2},
		"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate",
			"validation_type":"ov","validation_name":"OV","validation_description":"Normal Organization Validation"},
		"requests":[{"id":2,"date":"2023-06-15T12:00:00+00:00","type":"new_request","status":"approved","comments":"A request of digicerttest."}],
		"receipt_id":1001,"purchased_dns_names":2,"price":198.50,"is_multi_year_plan":"1","has_pending_request":false,
		"certificate":{"id":1001,"thumbprint":"`+issued.Certificate.Thumbprint+`","serial_number":"0a","common_name":"www.b.example",
			"dns_names":["www.b.example","b.example"],"date_created":"2023-06-15T12:00:00+00:00","date_issued":"2023-06-15T12:00:00+00:00",
			"valid_from":"2023-06-15","valid_till":"2025-06-15","days_remaining":365,`+ofCertificate+`}`), info(1))
	require.Equal(t, decoded(t, `{"id":2,"status":"pending",`+common+`
		"date_created":"2023-06-16T12:00:00+00:00","validity_years":1,"order_validity":{"years":1},
		"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate",
			"validation_type":"ov","validation_name":"OV","validation_description":"Normal Organization Validation"},
		"requests":[{"id":4,"date":"2023-06-16T12:00:00+00:00","type":"new_request","status":"pending","comments":"A request of digicerttest."}],
		"purchased_dns_names":1,"price":0,"has_pending_request":true,
		"certificate":{"id":1002,"common_name":"A.example","dns_names":["A.example"],`+ofCertificate+`}`), info(2))

	require.Equal(t, "rejected", info(3)["requests"].([]any)[0].(map[string]any)["status"])
	dv := info(4)
	require.Equal(t, []any{}, dv["organization"])
	require.NotContains(t, dv["certificate"], "organization", "[] is only known from the order itself")
	require.Equal(t, "dv", dv["product"].(map[string]any)["validation_type"])
	require.Equal(t, "2024-06-18", dv["order_valid_till"], "the certificate ends before its order")
	ev := info(5)
	require.Equal(t, "EV", ev["product"].(map[string]any)["validation_name"])
	require.Equal(t, true, ev["has_pending_request"])
	require.Equal(t, []any{"IT"}, ev["certificate"].(map[string]any)["organization_units"])
	require.Len(t, ev["requests"], 2)
	require.Equal(t, decoded(t, `{"id":11,"date":"2024-06-15T12:00:00+00:00","type":"reissue","status":"pending"}`), ev["requests"].([]any)[1])
	client := info(6)
	require.Equal(t, []any{"logan.nelson@example.com"}, client["certificate"].(map[string]any)["emails"])
	require.NotContains(t, client["certificate"], "valid_from", "what was canceled before its issue has no dates")
	sub := info(7)
	require.Equal(t, "Ten", sub["organization"].(map[string]any)["name"], "orders of subaccounts are known too")
}

func TestOrderInfoWithLongCertificate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", Certificate: digicert.OrderCertificate{ValidTill: date(2026, 7, 1)}}))
	require.Contains(t, get(t, s, ownPath+"/1").body, `"order_valid_till":"2026-07-01"`)
}

// TestOrderInfoThroughTheClient checks that the client reads what the server sends.
func TestOrderInfoThroughTheClient(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	require.NoError(t, s.AddReissue(1, digicert.Reissue{DateCreated: noon}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{DateCreated: noon}))
	c := s.Client()
	o, err := c.Orders.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "1001", o.ReceiptID)
	require.True(t, o.IsMultiYearPlan)
	require.Equal(t, "198.5", o.Price.String())
	require.Equal(t, date(2025, 6, 15), o.OrderValidTill)
	require.Empty(t, o.AlternativeOrderID, "nobody set one")
	require.Equal(t, digicert.User{ID: 1576, FirstName: "Logan", LastName: "Nelson", Email: "logan.nelson@example.com"}, o.User)
	require.Equal(t, "OV", o.Product.ValidationName)
	require.Equal(t, "nginx", o.Certificate.ServerPlatform.Name)
	require.Equal(t, 365, *o.Certificate.DaysRemaining)
	require.Equal(t, noon.AddDate(-1, 0, 0), o.Certificate.DateIssued)
	var ids []digicert.OrderID
	for o, err := range c.Orders.All(t.Context(), &digicert.ListOrdersParams{Limit: 2}) {
		require.NoError(t, err)
		ids = append(ids, o.ID)
	}
	require.Equal(t, []digicert.OrderID{1, 2, 3, 4, 5, 6}, ids)
	h, err := c.Orders.History(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, h.Entries, 3)
	require.True(t, h.Entries[1].Current, "the reissue")
	require.NotNil(t, h.Entries[2].Duplicate)
}
