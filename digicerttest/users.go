// Users and the spelling of the names of people.

package digicerttest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-digicert/digicert"
)

// NameSpelling is the spelling of the keys for people's names in order info and requests.
type NameSpelling int

// The documentation has firstname and lastname; the vendor's own fixtures and production clients have
// first_name and last_name. Which of them the service sends is not known.
const (
	NamesInBothSpellings  NameSpelling = iota // both, so that every client finds them
	NamesAsDocumented                         // only firstname and lastname
	NamesWithAnUnderscore                     // only first_name and last_name
)

// WithNameSpelling sets the spelling of people's names. The default is NamesInBothSpellings. It does not
// affect reissues and duplicates, which have a documented sample, nor users, whose responses are recorded.
func WithNameSpelling(spelling NameSpelling) Option {
	return func(c *config) error {
		if spelling < NamesInBothSpellings || spelling > NamesWithAnUnderscore {
			return fmt.Errorf("WithNameSpelling: %d is not a spelling", spelling)
		}
		c.spelling = spelling
		return nil
	}
}

// appendNames appends the first and last name of a person.
func (s *Server) appendNames(b []byte, by owner) []byte {
	if s.spelling != NamesWithAnUnderscore {
		b = appendText(b, `,"firstname":`, by.firstName)
		b = appendText(b, `,"lastname":`, by.lastName)
	}
	if s.spelling != NamesAsDocumented {
		b = appendText(b, `,"first_name":`, by.firstName)
		b = appendText(b, `,"last_name":`, by.lastName)
	}
	return b
}

// appendPerson appends a member that is a user.
func (s *Server) appendPerson(b []byte, name string, by owner) []byte {
	b = s.appendNames(appendInt(append(append(b, name...), '{'), `"id":`, by.user), by)
	return append(appendText(b, `,"email":`, by.email), '}')
}

// appendContact appends a contact of an order, with the members that production clients know.
func (s *Server) appendContact(b []byte, name string, by owner) []byte {
	b = appendText(append(append(b, name...), '{'), `"email":`, by.email)
	b = s.appendNames(b, by)
	b = appendText(b, `,"job_title":`, "Administrator")
	return append(appendText(b, `,"telephone":`, "555-0100"), '}')
}

// user is a user of the account.
type user struct {
	id                         digicert.UserID
	firstName, lastName, email string
	role                       string
	roleID                     int
}

// users returns the users of the account: that of the documented samples and those of generated orders.
func users() []user {
	list := []user{{accountItself.user, accountItself.firstName, accountItself.lastName, accountItself.email, "Administrator", 1}}
	for i, p := range people {
		list = append(list, user{digicert.UserID(1000 + i), p.first, p.last, p.first + "." + p.last + "@mail.example", "Standard User", 5})
	}
	return list
}

// userMe handles GET /user/me, with the same user for every key.
func (s *Server) userMe(r *request) (render, *failure) {
	b := users()[0].append(nil, r.now)
	b = appendInt(b, `,"account_id":`, accountID)
	b = appendText(b, `,"type":`, "standard")
	b = append(b, `,"is_cert_central":true,"is_enterprise":true`...)
	b = append(appendInt(b, `,"container_visibility":[{"id":`, accountItself.container), `,"name":`...)
	return whole(append(appendString(b, accountItself.containerName), "}]}"...)), nil
}

// listUsers handles GET /user.
func (s *Server) listUsers(r *request) (render, *failure) {
	page := s.paging(r.query)
	r.query.int("container_id", 1, maxID)
	var rows [][]byte
	for _, u := range users() {
		rows = append(rows, append(u.append(nil, r.now), '}'))
	}
	return pageOf("users", rows, page), nil
}

// userInfo handles GET /user/{user_id}.
func (s *Server) userInfo(r *request) (render, *failure) {
	for _, u := range users() {
		if int64(u.id) == r.id {
			return whole(append(u.append(nil, r.now), '}')), nil
		}
	}
	return nil, errNoUser
}

var errNoUser = fail(http.StatusNotFound, "not_found|user", "The user does not exist.")

// append appends a user without its closing brace.
func (u user) append(b []byte, now time.Time) []byte {
	b = appendInt(b, `{"id":`, u.id)
	b = appendText(b, `,"username":`, u.email)
	b = appendText(b, `,"first_name":`, u.firstName)
	b = appendText(b, `,"last_name":`, u.lastName)
	b = appendText(b, `,"email":`, u.email)
	b = appendText(b, `,"status":`, "active")
	b = appendText(b, `,"last_login_date":`, now.UTC().Format(time.DateTime))
	b = appendInt(b, `,"container":{"id":`, accountItself.container)
	b = append(appendText(b, `,"name":`, accountItself.containerName), '}')
	b = appendInt(b, `,"access_roles":[{"id":`, u.roleID)
	return append(appendText(b, `,"name":`, u.role), "}]"...)
}
