package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithKey("viewer", digicerttest.ViewOnly()))
	me := decoded(t, get(t, s, "/user/me").body)
	require.Equal(t, "1576", me["id"].(interface{ String() string }).String())
	require.Equal(t, "Logan", me["first_name"])
	require.Equal(t, "2024-06-15 12:00:00", me["last_login_date"])
	require.Equal(t, "Administrator", me["access_roles"].([]any)[0].(m)["name"])
	require.Equal(t, "5", me["container"].(m)["id"].(interface{ String() string }).String())
	require.Equal(t, "Example Account", me["container_visibility"].([]any)[0].(m)["name"])
	got := get(t, s, "/user?limit=2&offset=1")
	require.Equal(t, []string{"1000", "1001"}, column(t, got, "users", "id"))
	require.Equal(t, decoded(t, `{"total":6,"limit":2,"offset":1}`), decoded(t, got.body)["page"])
	require.Equal(t, "Ada", decoded(t, get(t, s, "/user/1000").body)["first_name"])
	requireError(t, get(t, s, "/user/1"), 404, "not_found|user")
}

func TestNameSpelling(t *testing.T) {
	t.Parallel()
	for spelling, want := range map[digicerttest.NameSpelling][]string{
		digicerttest.NamesInBothSpellings:  {"email", "first_name", "firstname", "id", "last_name", "lastname"},
		digicerttest.NamesAsDocumented:     {"email", "firstname", "id", "lastname"},
		digicerttest.NamesWithAnUnderscore: {"email", "first_name", "id", "last_name"},
	} {
		s := newServer(t, digicerttest.WithNameSpelling(spelling))
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
		require.Equal(t, want, sorted(keys(info(t, s, 1)["user"].(m))))
	}
	_, err := digicerttest.New(digicerttest.WithNameSpelling(3))
	require.Error(t, err)
}
