package digicert_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// Whatever the service names the parts of a person's name, they are read.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"firstname", "lastname"}, {"first_name", "last_name"}} {
		person := fmt.Sprintf(`{"id": 1, %q: "Ada", %q: "Example"}`, names[0], names[1])
		c, _ := serve(t, http.StatusOK, `{"id": 1, "user": `+person+`, "organization_contact": `+person+`, "technical_contact": `+person+`,
			"notes": [{"user": `+person+`}], "certificates": [`+person+`]}`)
		order, err := c.Orders.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, order.Notes, 1)
		user := digicert.User{ID: 1, FirstName: "Ada", LastName: "Example"}
		contact := digicert.Contact{FirstName: "Ada", LastName: "Example"}
		require.Equal(t, []any{user, user, contact, contact},
			[]any{order.User, order.Notes[0].User, order.OrganizationContact, order.TechnicalContact}, names)
		reissues, err := c.Reissues.List(t.Context(), 1, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"Ada", "Example"}, []string{reissues[0].FirstName, reissues[0].LastName}, names)
		duplicates, err := c.Orders.Duplicates(t.Context(), 1, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"Ada", "Example"}, []string{duplicates[0].FirstName, duplicates[0].LastName}, names)
	}
}
