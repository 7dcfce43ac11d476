package digicert_test

import (
	"net/http"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// accountBody has every field that is known of an account.
const accountBody = `{"id": 1696530, "cert_central_type": "retail", "primary_organization_id": 1850242, "primary_organization_name": "Example",
	"primary_organization_country": "ar", "root_container_id": 634763, "billing_account_id": 1696531, "billing_account_name": "Example, Inc.",
	"default_country": "us", "pricing_model": "flatfee", "balance_negative_limit": 12.5, "ent_support_plan": "1",
	"admin_email": "ada@example.com, bob@example.com", "cert_transparency": "embed", "has_auth_key": true, "migrated": true, "is_reseller_customer": true
}`

// wholeAccount is what accountBody says.
func wholeAccount() *digicert.Account {
	return &digicert.Account{
		ID: 1696530, CertCentralType: digicert.AccountTypeRetail, PrimaryOrganizationID: 1850242, PrimaryOrganizationName: "Example",
		PrimaryOrganizationCountry: "ar", RootContainerID: 634763, BillingAccountID: 1696531, BillingAccountName: "Example, Inc.", DefaultCountry: "us",
		PricingModel: "flatfee", BalanceNegativeLimit: digicert.Amount{Decimal: decimal.New(125, -1)}, EntSupportPlan: "1",
		AdminEmail: "ada@example.com, bob@example.com", CertTransparency: "embed", HasAuthKey: true, Migrated: true, IsResellerCustomer: true,
	}
}

func TestAccountGet(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, accountBody)
	_, err := c.Account.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "/services/v2/account", s.only(t).URL.Path)
	c, _ = serve(t, http.StatusOK, `{"cert_central_type":"retail"}`)
	_, err = c.Account.Get(t.Context())
	requireDecodeError(t, err, "/account", "/id")

	s2 := digicerttest.NewServer(t)
	account, err := s2.Client(quick).Account.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, digicert.AccountTypeEnterprise, account.CertCentralType)
	org, err := s2.Client(quick).Organizations.Get(t.Context(), account.PrimaryOrganizationID)
	require.NoError(t, err)
	require.Equal(t, account.PrimaryOrganizationName, org.Name)
}
