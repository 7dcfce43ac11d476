// The account.

package digicert

import (
	"context"
	"errors"
	"net/http"
)

// AccountService reads the account that the key belongs to.
type AccountService struct{ c *Client }

// Account is an account, as [AccountService.Get] returns it.
type Account struct {
	ID                         AccountID      `json:"id,omitzero"`
	CertCentralType            AccountType    `json:"cert_central_type,omitzero"`
	PrimaryOrganizationID      OrganizationID `json:"primary_organization_id,omitzero"`
	PrimaryOrganizationName    string         `json:"primary_organization_name,omitzero"`
	PrimaryOrganizationCountry string         `json:"primary_organization_country,omitzero"` // such as "us"
	RootContainerID            ContainerID    `json:"root_container_id,omitzero"`
	BillingAccountID           AccountID      `json:"billing_account_id,omitzero"`
	BillingAccountName         string         `json:"billing_account_name,omitzero"`
	DefaultCountry             string         `json:"default_country,omitzero"` // such as "us"

	PricingModel         string `json:"pricing_model,omitzero"`          // such as "flatfee" or "percert"
	BalanceNegativeLimit Amount `json:"balance_negative_limit,omitzero"` // by how much the balance may be negative, in USD
	EntSupportPlan       string `json:"ent_support_plan,omitzero"`       // such as "1"
	AdminEmail           string `json:"admin_email,omitzero"`            // one or more, separated by commas
	CertTransparency     string `json:"cert_transparency,omitzero"`      // "embed" or "off"
	HasAuthKey           bool   `json:"has_auth_key,omitzero"`
	Migrated             bool   `json:"migrated,omitzero"`
	IsResellerCustomer   bool   `json:"is_reseller_customer,omitzero"` // only of subaccounts
}

// Get returns the account that the key belongs to: GET /account. Some members are known only from recorded responses.
//
// Get returns a *[DecodeError] if the response has no id.
//
// https://dev.digicert.com/certcentral-apis/services-api/account/account-details.html
func (s *AccountService) Get(ctx context.Context) (*Account, error) {
	const path = "/account"
	account := new(Account)
	if _, err := s.client().get(ctx, path, nil, account); err != nil {
		return nil, err
	}
	if account.ID == 0 {
		return nil, &DecodeError{Method: http.MethodGet, Path: path, Pointer: "/id", Err: errors.New("no account id")}
	}
	return account, nil
}
