// The products and names of generated orders.

package digicerttest

import "github.com/go-digicert/digicert"

// item is a product of the generated orders. The name ids are real. The prices are invented, and so
// are the names that are not in the documented samples.
type item struct {
	product digicert.Product
	cost    int64 // USD for one year
	kind    nameKind
}

type nameKind int

const (
	oneName nameKind = iota
	manyNames
	wildcard
)

// catalog lists the products. A product that is listed several times has a larger share of the generated orders.
var catalog = []item{
	{digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"}, 198, oneName},
	{digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"}, 198, oneName},
	{digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"}, 198, oneName},
	{digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"}, 358, manyNames},
	{digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"}, 358, manyNames},
	{digicert.Product{NameID: "ssl_wildcard", Name: "Wildcard SSL", Type: "ssl_certificate"}, 653, wildcard},
	{digicert.Product{NameID: "ssl_ev_plus", Name: "EV SSL", Type: "ssl_certificate"}, 344, oneName},
	{digicert.Product{NameID: "ssl_ev_multi_domain", Name: "EV Multi-Domain SSL", Type: "ssl_certificate"}, 459, manyNames},
	{digicert.Product{NameID: "ssl_basic", Name: "Basic SSL", Type: "ssl_certificate"}, 218, oneName},
	{digicert.Product{NameID: "ssl_securesite", Name: "Secure Site SSL", Type: "ssl_certificate"}, 399, oneName},
	{digicert.Product{NameID: "ssl_securesite_pro", Name: "Secure Site Pro SSL", Type: "ssl_certificate"}, 995, manyNames},
	{digicert.Product{NameID: "ssl_securesite_flex", Name: "Secure Site Flex SSL", Type: "ssl_certificate"}, 399, manyNames},
	{digicert.Product{NameID: "ssl_geotrust_truebizid", Name: "GeoTrust TrueBusiness ID", Type: "ssl_certificate"}, 199, oneName},
	{digicert.Product{NameID: "ssl_dv_geotrust", Name: "GeoTrust DV SSL", Type: "dv_ssl_certificate"}, 149, oneName},
	{digicert.Product{NameID: "ssl_dv_rapidssl", Name: "RapidSSL", Type: "dv_ssl_certificate"}, 59, oneName},
	{digicert.Product{NameID: "private_ssl_wildcard", Name: "Private Wildcard SSL", Type: "private_ssl_certificate"}, 450, wildcard},
}

var (
	hosts   = []string{"www", "api", "shop", "mail", "login", "portal", "static", "vpn"}
	colours = []string{"amber", "azure", "coral", "ivory", "jade", "ochre", "olive", "umber"}
	things  = []string{
		"anvil", "beacon", "canyon", "delta", "ember", "fjord", "grove", "harbor",
		"island", "junction", "kiln", "lantern", "meadow", "nest", "orchard", "pier",
	}
	units  = []string{`["IT Dept."]`, `["Finance Department"]`, `["Operations","Web"]`, `[]`} // JSON
	people = []struct{ first, last string }{
		{"Ada", "Moreau"}, {"Ben", "Okafor"}, {"Carla", "Nguyen"}, {"Dov", "Lindqvist"}, {"Elif", "Marsh"},
	}
)

// furtherProducts are further products with an order page in the documentation. Generated orders do not use them.
// Their names and prices are invented.
var furtherProducts = []Product{
	{NameID: "ssl_ev_basic", Name: "Basic EV SSL", Type: "ssl_certificate", Price: 344},
	{NameID: "ssl_ev_securesite", Name: "Secure Site EV SSL", Type: "ssl_certificate", Price: 995},
	{NameID: "ssl_ev_securesite_flex", Name: "Secure Site EV Flex SSL", Type: "ssl_certificate", Price: 995},
	{NameID: "ssl_ev_securesite_pro", Name: "Secure Site Pro EV SSL", Type: "ssl_certificate", Price: 1499},
	{NameID: "private_ssl_plus", Name: "Private SSL", Type: "private_ssl_certificate", Price: 150},
	{NameID: "private_ssl_flex", Name: "Private Flex SSL", Type: "private_ssl_certificate", Price: 150},
	{NameID: "private_ssl_multi_domain", Name: "Private Multi-Domain SSL", Type: "private_ssl_certificate", Price: 250},
	{NameID: "ssl_dv_geotrust_flex", Name: "GeoTrust DV Flex SSL", Type: "dv_ssl_certificate", Price: 149},
	{NameID: "wildcard_dv_geotrust", Name: "GeoTrust Wildcard DV SSL", Type: "dv_ssl_certificate", Price: 399},
	{NameID: "wildcard_dv_rapidssl", Name: "RapidSSL Wildcard", Type: "dv_ssl_certificate", Price: 249},
	{NameID: "cloud_dv_geotrust", Name: "GeoTrust Cloud DV", Type: "dv_ssl_certificate", Price: 149},
	{NameID: "client_premium", Name: "Premium", Type: "client_certificate", Price: 59},
	{NameID: "secure_email_mailbox", Name: "Secure Email for Mailbox", Type: "client_certificate", Price: 59},
	{NameID: "code_signing", Name: "Code Signing", Type: "code_signing_certificate", Price: 474},
	{NameID: "code_signing_ev", Name: "EV Code Signing", Type: "code_signing_certificate", Price: 664},
}
