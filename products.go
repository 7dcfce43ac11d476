// Products that the account can order.

package digicert

import (
	"context"
	"encoding/json"
)

// ProductsService reads the products that the account can order.
type ProductsService struct{ c *Client }

// ProductInfo is a product, as [ProductsService.Get] and [ProductsService.List] return it. Lists are never nil once decoded.
type ProductInfo struct {
	OrderProduct
	GroupName           string        `json:"group_name,omitzero"`
	AllowedContainerIDs []ContainerID `json:"allowed_container_ids,omitzero"`
	// AllowedValidityYears are the validities that a certificate may have, in years, and AllowedOrderValidityYears those of an order.
	// They apply to the user of the API key.
	AllowedValidityYears      []int `json:"allowed_validity_years,omitzero"`
	AllowedOrderValidityYears []int `json:"allowed_order_validity_years,omitzero"`
	// AllowedOrderLifetimes is "allowed_order_lifetimes" as sent: its form is not known. It is documented as the limits that
	// the administrators of the account have set.
	AllowedOrderLifetimes json.RawMessage    `json:"allowed_order_lifetimes,omitzero"`
	SignatureHashTypes    SignatureHashTypes `json:"signature_hash_types,omitzero"`
	AllowedCACerts        []CACert           `json:"allowed_ca_certs,omitzero"` // for CertificateRequest.CACertID
	CSRRequired           bool               `json:"csr_required,omitzero"`
	// ReplacementProductNameID is the product to order instead, if this one is no longer sold.
	ReplacementProductNameID string `json:"replacement_product_name_id,omitzero"`

	// Only from Get.
	DuplicatesAllowed                bool             `json:"duplicates_allowed,omitzero"`
	AdditionalDNSNamesAllowed        bool             `json:"additional_dns_names_allowed,omitzero"` // in addition to the common name
	IncreasedCompatibilityAllowed    bool             `json:"increased_compatibility_allowed,omitzero"`
	CustomExpirationDateAllowed      bool             `json:"custom_expiration_date_allowed,omitzero"`       // of a certificate
	CustomOrderExpirationDateAllowed bool             `json:"custom_order_expiration_date_allowed,omitzero"` // of an order
	AllowAutoRenew                   bool             `json:"allow_auto_renew,omitzero"`
	ServerPlatforms                  []ServerPlatform `json:"server_platforms,omitzero"` // for CertificateRequest.ServerPlatformID
	LicenseAgreement                 string           `json:"license_agreement,omitzero"`
}

// SignatureHashTypes is the documented "signature_hash_types" of a product.
type SignatureHashTypes struct {
	Allowed       []HashType `json:"allowed_hash_types,omitzero"`
	DefaultHashID string     `json:"default_hash_type_id,omitzero"` // the ID of one of them
}

// HashType is one entry of "allowed_hash_types".
type HashType struct {
	ID   string `json:"id,omitzero"`   // such as "sha256", for CertificateRequest.SignatureHash
	Name string `json:"name,omitzero"` // such as "SHA-256"
}

const productsPath = "/product"

// List returns the products that the account can order: GET /product. The list is not paged.
//
// https://dev.digicert.com/certcentral-apis/services-api/products/product-list.html
func (s *ProductsService) List(ctx context.Context) ([]ProductInfo, error) {
	var list struct {
		Products []ProductInfo `json:"products"`
	}
	if _, err := s.client().get(ctx, productsPath, nil, &list); err != nil {
		return nil, err
	}
	return nonNil(list.Products), nil
}

// Get returns a product: GET /product/{name_id}. In an account with several containers its limits may depend on the container;
// use [Client.Get] with the documented query parameter "container_id".
//
// Get returns a *[ParamError] if nameID cannot be a product id, [ErrNotFound] for an unknown product, and a *[DecodeError] if the
// response has another product.
//
// https://dev.digicert.com/certcentral-apis/services-api/products/product-info.html
func (s *ProductsService) Get(ctx context.Context, nameID string) (*ProductInfo, error) {
	if err := checkProduct(nameID); err != nil {
		return nil, err
	}
	path := productsPath + "/" + nameID
	product := new(ProductInfo)
	if _, err := s.client().get(ctx, path, nil, product); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/name_id", "product", product.NameID, nameID); err != nil {
		return nil, err
	}
	return product, nil
}
