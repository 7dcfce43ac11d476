// The account and its default content.

package digicerttest

import "time"

// accountID is the id of the account itself.
const accountID = 5153184

// addDefaults adds the default content of the account.
func (s *state) addDefaults(now time.Time) {
	s.containers = []*container{{accountItself.container, accountItself.containerName, 0}}
	s.putOrganization(Organization{
		ID: accountItself.organization, Name: accountItself.organizationName, AssumedName: accountItself.organizationName,
		Address: "1 Main Street", Zip: "62701", City: "Springfield", State: "Illinois", Country: "us", Telephone: "555-0100",
	}, now)
	s.putDomain(Domain{ID: 4000001, Name: "example.com"}, now)
	for _, i := range catalog {
		s.putProduct(Product{NameID: i.product.NameID, Name: i.product.Name, Type: i.product.Type, Price: i.cost})
	}
	for _, p := range furtherProducts {
		s.putProduct(p)
	}
}

// accountInfo handles GET /account. The members are those of a recorded response.
func (s *Server) accountInfo(*request) (render, *failure) {
	b := appendInt(nil, `{"id":`, accountID)
	b = appendInt(b, `,"primary_organization_id":`, accountItself.organization)
	b = appendText(b, `,"primary_organization_name":`, accountItself.organizationName)
	b = appendText(b, `,"primary_organization_country":`, "us")
	b = appendInt(b, `,"root_container_id":`, accountItself.container)
	b = appendText(b, `,"cert_central_type":`, "enterprise")
	b = append(b, `,"migrated":false,"has_auth_key":false,"ent_support_plan":"1","default_country":"us"}`...)
	return whole(b), nil
}
