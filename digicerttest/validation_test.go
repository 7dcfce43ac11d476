package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestDCV(t *testing.T) {
	t.Parallel()
	for method, code := range map[string]string{
		"dns-txt-token": "invalid_dns_txt", "dns-cname-token": "invalid_dns_cname", "http-token": "file_random_value_not_found",
		"http-token-dynamic": "file_random_value_not_found", "email": "invalid_dns_method", "": "invalid_dns_method",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, digicerttest.WithDCV(2))
			id, doc := place(t, s, "ssl_dv_rapidssl", "dcv_method", method)
			path := fmt.Sprintf("%s/%d", ownPath, id)
			require.Equal(t, "pending", info(t, s, id)["status"])
			require.NotContains(t, doc, "certificate_chain")
			require.NotContains(t, doc, "domains", "a domain-validated order has its token itself")
			if code == "invalid_dns_method" {
				require.NotContains(t, doc, "dcv_random_value")
			} else {
				token := decoded(t, write(t, s, http.MethodPut, path+"/dcv-random-value", nil).body)
				require.Equal(t, doc["dcv_random_value"], token["dcv_random_value"])
				require.Equal(t, "2024-07-15T12:00:00+00:00", token["expiration_date"])
			}
			requireError(t, write(t, s, http.MethodPut, path+"/check-dcv", nil), 400, code)
			requireError(t, write(t, s, http.MethodPut, path+"/check-dcv", m{"dns_names_validations": []string{"x"}}), 400, code)
			require.Equal(t, "pending", info(t, s, id)["status"])
			got := write(t, s, http.MethodPut, path+"/check-dcv", nil)
			require.Equal(t, 200, got.status)
			require.Equal(t, decoded(t, fmt.Sprintf(`{"order_status":"issued","certificate_id":%s,"dcv_status":"valid",
				"dns_name_validations":[{"dns_name":"www.example.com","status":"valid"},{"dns_name":"example.com","status":"valid"}]}`, doc["certificate_id"])), decoded(t, got.body))
			require.Equal(t, "issued", info(t, s, id)["status"])
			require.Equal(t, 200, write(t, s, http.MethodPut, path+"/check-dcv", nil).status, "it is still valid")
			require.Equal(t, digicerttest.Counts{Received: 4, Acted: 2}, s.Count(digicerttest.CheckDCV))
		})
	}
}

func TestDCVOfOrganizations(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithDCV(-1))
	require.NoError(t, s.AddDomain(digicerttest.Domain{ID: 9, Name: "known.example", Validated: true}))
	_, doc := place(t, s, "ssl_plus", "certificate.common_name", "a.known.example", "certificate.dns_names", []string{"known.example", "*.known.example"})
	require.Contains(t, doc, "certificate_chain", "of a validated domain")

	id, doc := place(t, s, "ssl_plus", "dcv_method", "dns-txt-token", "certificate.dns_names", []string{"new.example", "x.known.example"})
	domains := doc["domains"].([]any)
	require.Len(t, domains, 2)
	require.Equal(t, "www.example.com", domains[0].(m)["name"])
	require.Equal(t, "new.example", domains[1].(m)["dns_name"])
	require.Equal(t, doc["dcv_random_value"], domains[1].(m)["dcv_token"].(m)["token"])
	require.Equal(t, 200, get(t, s, fmt.Sprintf("/domain/%s", domains[1].(m)["id"])).status)

	path := fmt.Sprintf("%s/%d", ownPath, id)
	statuses := func() map[string]string {
		list := map[string]string{}
		for _, v := range decoded(t, get(t, s, path+"/validation").body)["dns_name_validations"].([]any) {
			list[v.(m)["dns_names"].([]any)[0].(string)] = v.(m)["status"].(string)
		}
		return list
	}
	require.Equal(t, map[string]string{"www.example.com": "pending", "new.example": "pending", "x.known.example": "approved"}, statuses())
	for range 3 {
		requireError(t, write(t, s, http.MethodPut, path+"/check-dcv", nil), 400, "invalid_dns_txt")
	}
	require.NoError(t, s.PassDCV(digicert.OrderID(id)))
	require.Equal(t, "issued", decoded(t, write(t, s, http.MethodPut, path+"/check-dcv", nil).body)["order_status"])
	require.Equal(t, map[string]string{"www.example.com": "approved", "new.example": "approved", "x.known.example": "approved"}, statuses())
	_, doc = place(t, s, "ssl_plus", "certificate.common_name", "b.new.example", "certificate.dns_names", nil)
	require.Contains(t, doc, "certificate_chain", "the domain is validated from now on")

	// A reissue needs a check for the names that it adds.
	require.Contains(t, further(t, s, id, "reissue", "certificate.dns_names", nil), "certificate_chain")
	doc = further(t, s, id, "reissue", "certificate.dns_names", []string{"added.example"}, "dcv_method", "http-token")
	require.NotContains(t, doc, "certificate_chain")
	require.Contains(t, doc, "dcv_random_value")
	require.Equal(t, "reissue_pending", info(t, s, id)["status"])
	require.NoError(t, s.PassDCV(digicert.OrderID(id)))
	require.Equal(t, "issued", decoded(t, write(t, s, http.MethodPut, path+"/check-dcv", nil).body)["order_status"])
	require.Equal(t, "issued", info(t, s, id)["status"])
	require.Error(t, s.PassDCV(99))
}

func TestDCVMethod(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithDCV(0), digicerttest.WithClock(clock.Now))
	id, _ := place(t, s, "ssl_dv_rapidssl")
	path := fmt.Sprintf("%s/%d", ownPath, id)
	got := write(t, s, http.MethodPut, path+"/dcv-method", m{"dcv_method": "http-token"})
	require.Equal(t, 200, got.status)
	token := decoded(t, got.body)
	require.Len(t, token["dcv_random_value"], 32)
	require.Equal(t, "http-token", decoded(t, get(t, s, path+"/validation").body)["order_dcv_method"])
	require.Equal(t, "http-token", info(t, s, id)["dcv_method"])
	again := func() m { return decoded(t, write(t, s, http.MethodPut, path+"/dcv-random-value", nil).body) }
	require.Equal(t, token, again())
	clock.Advance(31 * 24 * time.Hour)
	require.Equal(t, "2024-08-15T12:00:00+00:00", again()["expiration_date"], "an expired one is renewed")
	got = write(t, s, http.MethodPut, path+"/dcv-method", m{"dcv_method": "email"})
	require.Equal(t, 204, got.status)
	require.Empty(t, got.body)
	require.Equal(t, "email", info(t, s, id)["dcv_method"])
	requireError(t, write(t, s, http.MethodPut, path+"/dcv-method", nil), 400, "required_param:dcv_method")
	requireError(t, write(t, s, http.MethodPut, path+"/dcv-method", m{"dcv_method": "fax"}), 400, "invalid_value:dcv_method")
	for _, name := range []string{"check-dcv", "dcv-method", "dcv-random-value"} {
		requireError(t, write(t, s, http.MethodPut, ownPath+"/99/"+name, m{"dcv_method": "email"}), 404, "not_found|order")
	}
	requireError(t, get(t, s, ownPath+"/99/validation"), 404, "not_found|order")
}

func TestOrderValidation(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrganization(digicerttest.Organization{ID: 5, Name: "New", Pending: true}))
	id, _ := place(t, s, "ssl_plus", "organization.id", 5)
	require.Equal(t, "pending", info(t, s, id)["status"])
	got := decoded(t, get(t, s, fmt.Sprintf("%s/%d/validation?include_risk_check=true", ownPath, id)).body)
	require.Equal(t, []string{"dns_name_validations", "order_dcv_method", "order_name_scope", "order_status", "organization_validations"}, sorted(keys(got)))
	require.Equal(t, []any{m{"organization_id": "5", "status": "pending"}}, got["organization_validations"])
	require.Equal(t, m{"domain_id": "4000001", "name_scope": "example.com", "approval_scope": "base_domain", "status": "approved", "method": "email", "dns_names": []any{"example.com"}},
		got["dns_name_validations"].([]any)[1])
	require.NoError(t, s.ValidateOrganization(5))
	require.Equal(t, "issued", info(t, s, id)["status"])
	require.Error(t, s.ValidateOrganization(6))
}
