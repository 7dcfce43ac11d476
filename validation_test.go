package digicert_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestValidation(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{"order_status":"pending","order_name_scope":"fqdn","order_dcv_method":"dns-txt-token","organization_validations":[{"x":"1"}],
		"dns_name_validations":[{"domain_id":"42","name_scope":"a.example","approval_scope":"base_domain","status":"pending","method":"email","dns_names":["a.example","*.a.example"]}]}`)
	got, err := c.Orders.Validation(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, &digicert.OrderValidation{
		OrderStatus: digicert.OrderStatusPending, OrderNameScope: "fqdn", OrderDCVMethod: digicert.DCVDNSTXT, Organizations: json.RawMessage(`[{"x":"1"}]`),
		DNSNames: []digicert.DNSNameValidation{{
			DomainID: 42, NameScope: "a.example", ApprovalScope: "base_domain", Status: "pending", Method: digicert.DCVEmail, DNSNames: []string{"a.example", "*.a.example"},
		}},
	}, got)
	require.Equal(t, "/services/v2/order/certificate/7/validation", s.only(t).URL.Path)

	c, _ = serve(t, http.StatusOK, `{}`)
	got, err = c.Orders.Validation(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, &digicert.OrderValidation{DNSNames: []digicert.DNSNameValidation{}}, got)
}

func TestCheckDCV(t *testing.T) {
	t.Parallel()
	none := []digicert.DNSNameValidation{}
	for name, test := range map[string]struct {
		status int
		body   string
		want   *digicert.DCVCheck
	}{
		"the newest form": {
			200, `{"order_status":"issued","certificate_id":"5","dcv_status":"valid","dns_name_validations":[{"dns_name":"a.example","status":"valid"}]}`,
			&digicert.DCVCheck{OrderStatus: digicert.OrderStatusIssued, CertificateID: 5, DCVStatus: "valid", DNSNames: []digicert.DNSNameValidation{{DNSName: "a.example", DNSNames: []string{}, Status: "valid"}}, NotYet: []digicert.ErrorDetail{}},
		},
		"an older form": {200, `{"order_status":"pending","dcv_status":"pending"}`, &digicert.DCVCheck{OrderStatus: digicert.OrderStatusPending, DCVStatus: "pending", DNSNames: none, NotYet: []digicert.ErrorDetail{}}},
		"no content":    {204, ``, &digicert.DCVCheck{DNSNames: none, NotYet: []digicert.ErrorDetail{}}},
		"no TXT record": {400, `{"errors":[{"code":"invalid_dns_txt","message":"x"}]}`, &digicert.DCVCheck{DNSNames: none, NotYet: []digicert.ErrorDetail{{Code: digicert.CodeInvalidDNSTXT, Message: "x"}}}},
		"no file":       {400, `{"errors":[{"code":"file_random_value_not_found"}]}`, &digicert.DCVCheck{DNSNames: none, NotYet: []digicert.ErrorDetail{{Code: digicert.CodeFileRandomValueNotFound}}}},
		"two reasons": {400, `{"errors":[{"code":"invalid_dns_method"},{"code":"invalid_dns_cname|a.example"}]}`, &digicert.DCVCheck{DNSNames: none, NotYet: []digicert.ErrorDetail{
			{Code: digicert.CodeInvalidDNSMethod}, {Code: "invalid_dns_cname|a.example"},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, test.status, test.body)
			got, err := c.Orders.CheckDCV(t.Context(), 7)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			req := s.only(t)
			require.Equal(t, http.MethodPut, req.Method)
			require.Equal(t, "/services/v2/order/certificate/7/check-dcv", req.URL.Path)
			require.Nil(t, req.Body)
		})
	}
	for name, test := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"another code":        {400, `{"errors":[{"code":"bad_request_format"}]}`, digicert.CodeBadRequestFormat},
		"another code beside": {400, `{"errors":[{"code":"invalid_dns_txt"},{"code":"bad_request_format"}]}`, digicert.CodeBadRequestFormat},
		"not found":           {404, `{"errors":[{"code":"not_found|order"}]}`, digicert.ErrNotFound},
		"a failure":           {500, `{"errors":[{"code":"invalid_dns_txt"}]}`, digicert.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, test.status, test.body)
			got, err := c.Orders.CheckDCV(t.Context(), 7)
			require.ErrorIs(t, err, test.want)
			require.Nil(t, got)
			s.only(t)
		})
	}
}

func TestSetDCVMethod(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   *digicert.DCVToken
	}{
		"with a token": {200, `{"dcv_random_value":"abc","expiration_date":"2026-12-26T10:00:00+00:00"}`, &digicert.DCVToken{Value: "abc", ExpirationDate: utc(2026, 12, 26, 10, 0, 0)}},
		"email":        {204, ``, &digicert.DCVToken{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, test.status, test.body)
			got, err := c.Orders.SetDCVMethod(t.Context(), 7, digicert.DCVDNSCNAME)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			req := s.only(t)
			require.Equal(t, http.MethodPut, req.Method)
			require.Equal(t, "/services/v2/order/certificate/7/dcv-method", req.URL.Path)
			require.Equal(t, map[string]any{"dcv_method": "dns-cname-token"}, bodyOf(t, req))
		})
	}
	c, s := serve(t, http.StatusOK, `{}`)
	for _, method := range []digicert.DCVMethod{"", "two words", "a/b"} {
		_, err := c.Orders.SetDCVMethod(t.Context(), 7, method)
		requireParamError(t, err, "dcv_method")
	}
	require.Empty(t, s.sent())
}

func TestSetDCVMethodWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, method := range []digicert.DCVMethod{digicert.DCVDNSTXT, digicert.DCVEmail} {
		s, order := placedOrder(t, digicerttest.WithDCV(-1))
		c := s.Client(quick)
		require.NoError(t, s.Inject(digicerttest.LoseAnswer().Times(1).On(digicerttest.ChangeDCVMethod)))
		got, err := c.Orders.SetDCVMethod(t.Context(), order, method)
		require.NoError(t, err)
		require.Equal(t, method != digicert.DCVEmail, got.Value != "")
		require.Equal(t, 1, received(s, digicerttest.ChangeDCVMethod))
	}
	s, order := placedOrder(t, digicerttest.WithDCV(-1))
	c := s.Client(quick)
	require.NoError(t, s.Inject(digicerttest.Reset().Times(1).On(digicerttest.ChangeDCVMethod)))
	_, err := c.Orders.SetDCVMethod(t.Context(), order, digicert.DCVHTTP)
	require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
	require.Equal(t, 1, received(s, digicerttest.ChangeDCVMethod))
	_, err = c.Orders.SetDCVMethod(t.Context(), order, digicert.DCVHTTP)
	require.NoError(t, err)
}

func TestDCVToken(t *testing.T) {
	t.Parallel()
	s, order := placedOrder(t, digicerttest.WithDCV(-1))
	c := s.Client(quick)
	set, err := c.Orders.SetDCVMethod(t.Context(), order, digicert.DCVDNSTXT)
	require.NoError(t, err)
	require.NotEmpty(t, set.Value)
	require.False(t, set.ExpirationDate.IsZero())
	require.NoError(t, s.Inject(digicerttest.HTMLPage(502).Times(1).On(digicerttest.DCVRandomValue)))
	got, err := c.Orders.DCVToken(t.Context(), order)
	require.NoError(t, err, "it is retried")
	require.Equal(t, set, got)

	for status, body := range map[int]string{200: `{}`, 204: ``} {
		c, _ := serve(t, status, body)
		_, err = c.Orders.DCVToken(t.Context(), 7)
		requireDecodeError(t, err, "/order/certificate/7/dcv-random-value", "/dcv_random_value")
	}
}

// What an order needs before it is issued, from its token to its certificate.
func TestDCVOfAnOrder(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithDCV(1))
	c := s.Client(quick)
	p := placing(csr, "")
	p.DCVMethod = digicert.DCVDNSTXT
	placed, err := c.Orders.Place(t.Context(), "ssl_plus", p)
	require.NoError(t, err)
	token, err := c.Orders.DCVToken(t.Context(), placed.ID)
	require.NoError(t, err)
	require.Equal(t, placed.Domains[0].DCVToken.Value, token.Value)
	before, err := c.Orders.Validation(t.Context(), placed.ID)
	require.NoError(t, err)
	require.Equal(t, digicert.DCVDNSTXT, before.OrderDCVMethod)
	require.Equal(t, []string{"a.example"}, before.DNSNames[0].DNSNames)

	check, err := c.Orders.CheckDCV(t.Context(), placed.ID)
	require.NoError(t, err)
	require.Equal(t, digicert.CodeInvalidDNSTXT, check.NotYet[0].Code)
	check, err = c.Orders.CheckDCV(t.Context(), placed.ID)
	require.NoError(t, err)
	require.Empty(t, check.NotYet)
	require.Equal(t, digicert.OrderStatusIssued, check.OrderStatus)
	require.NotZero(t, check.CertificateID)
	after, err := c.Orders.Validation(t.Context(), placed.ID)
	require.NoError(t, err)
	require.NotEqual(t, before.DNSNames[0].Status, after.DNSNames[0].Status)
}

func TestDCVRefused(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{}`)
	for _, id := range []digicert.OrderID{0, -3} {
		_, err := c.Orders.Validation(t.Context(), id)
		requireParamError(t, err, "order_id")
		_, err = c.Orders.CheckDCV(t.Context(), id)
		requireParamError(t, err, "order_id")
		_, err = c.Orders.SetDCVMethod(t.Context(), id, digicert.DCVEmail)
		requireParamError(t, err, "order_id")
		_, err = c.Orders.DCVToken(t.Context(), id)
		requireParamError(t, err, "order_id")
		_, err = c.Orders.WaitIssued(t.Context(), id, nil)
		requireParamError(t, err, "order_id")
	}
	require.Empty(t, s.sent())
	for _, s := range []*digicert.OrdersService{nil, new(digicert.OrdersService)} {
		_, err := s.CheckDCV(t.Context(), 1)
		require.Error(t, err)
		_, err = s.DCVToken(t.Context(), 1)
		require.Error(t, err)
		_, err = s.WaitIssued(t.Context(), 1, nil)
		require.Error(t, err)
	}
}
