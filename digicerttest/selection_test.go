package digicerttest_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestOrderFiltersAndSorting(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	for _, tt := range []struct {
		name  string
		query []string
		want  string // ids
	}{
		{"none: by id, own orders left out", nil, "1 2 3 4 5 6"},
		{"id", []string{"filters[id]", "3"}, "3"},
		{"id of an own order", []string{"filters[id]", "7"}, ""},
		{"id that nothing has", []string{"filters[id]", "99"}, ""},
		{"id and another", []string{"filters[id]", "3", "filters[status]", "revoked"}, ""},
		{"certificate", []string{"filters[certificate_id]", "1002"}, "2"},
		{"common name without regard to case", []string{"filters[common_name]", "a.EXAMPLE"}, "2 5"},
		{"common name as a whole", []string{"filters[common_name]", "example"}, ""},
		{"issued includes expired", []string{"filters[status]", "issued"}, "1 2 3"},
		{"expired does not include issued", []string{"filters[status]", "expired"}, "3"},
		{"other status", []string{"filters[status]", "revoked"}, "5"},
		{"unknown status", []string{"filters[status]", "lost"}, ""},
		{"product", []string{"filters[product_name_id]", "ssl_plus"}, "1 3 5"},
		{"subaccount, without those below it", []string{"filters[subaccount]", "20"}, "2 5"},
		{"unknown subaccount", []string{"filters[subaccount]", "99"}, ""},
		{"account type", []string{"filters[account_type]", "reseller"}, "3 6"},
		{"account type by default", []string{"filters[account_type]", "enterprise"}, "1 4"},
		{"created in a range with both its days", []string{"filters[date_created]", "2023-01-01...2023-01-02"}, "1 2 3"},
		{"created on a day", []string{"filters[date_created]", "2023-01-01...2023-01-01"}, "1 2"},
		{"created before", []string{"filters[date_created]", "<2023-01-02"}, "1 2"},
		{"created after", []string{"filters[date_created]", ">2023-02-01"}, "4"},
		{"valid till, which pending and canceled ones lack", []string{"filters[valid_till]", ">2000-01-01"}, "1 2 3 5"},
		{"valid till a range", []string{"filters[valid_till]", "2024-01-02...2024-12-31"}, "3 5"},
		{"valid till before", []string{"filters[valid_till]", "<2024-01-02"}, "1"},
		{"two filters", []string{"filters[status]", "issued", "filters[product_name_id]", "ssl_plus"}, "1 3"},
		{"an empty filter", []string{"filters[status]", ""}, "1 2 3 4 5 6"},

		{"sort by id", []string{"sort", "id"}, "1 2 3 4 5 6"},
		{"sort by id, descending", []string{"sort", "-id"}, "6 5 4 3 2 1"},
		{"sort by name, equal ones by id", []string{"sort", "common_name"}, "2 5 1 3 4 6"},
		{"sort by name descending, equal ones still by id", []string{"sort", "-common_name"}, "6 4 1 3 5 2"},
		{"sort by product", []string{"sort", "product_name_id"}, "4 6 1 3 5 2"},
		{"sort by creation", []string{"sort", "date_created"}, "1 2 3 5 6 4"},
		{"sort by creation, descending", []string{"sort", "-date_created"}, "4 5 6 3 2 1"},
		{"sort by years", []string{"sort", "validity_years"}, "1 3 5 2 6 4"},
		{"sort by two keys", []string{"sort", "validity_years,-date_created"}, "5 3 1 6 2 4"},
		{"sort by three keys", []string{"sort", "-validity_years,product_name_id,-id"}, "4 6 2 5 3 1"},
		{"filter and sort", []string{"filters[status]", "issued", "sort", "-id"}, "3 2 1"},

		{"limit", []string{"limit", "2"}, "1 2"},
		{"limit and offset", []string{"limit", "2", "offset", "3"}, "4 5"},
		{"last page", []string{"limit", "4", "offset", "4"}, "5 6"},
		{"behind the end", []string{"offset", "6"}, ""},
		{"far behind the end", []string{"offset", "2147483647"}, ""},
		{"limit 0 is the default", []string{"limit", "0"}, "1 2 3 4 5 6"},
		{"page of a filtered list", []string{"filters[product_name_id]", "ssl_plus", "limit", "1", "offset", "1"}, "3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, s, orderPath+query(tt.query...))
			require.Equal(t, strings.Fields(tt.want), column(t, got, "orders", "id"))
			if tt.want == "" { // the key of an empty list is absent
				require.Equal(t, []string{"page"}, keys(decoded(t, got.body)))
			}
		})
	}
}

// TestOrderListsAgainstReference compares filtered and sorted lists of generated orders, in pages, with the
// whole list filtered and sorted here.
func TestOrderListsAgainstReference(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	s := newServer(t, digicerttest.WithOrders(seed, 1200))
	all := walk(t, s, 1000)
	require.Len(t, all, 1200)

	text := func(name string) func(row map[string]any) string {
		return func(row map[string]any) string { return fmt.Sprint(row[name]) }
	}
	product := func(row map[string]any) string { return fmt.Sprint(row["product"].(map[string]any)["name_id"]) }
	account := func(row map[string]any) string { return fmt.Sprint(row["subaccount"].(map[string]any)["account_id"]) }
	filters := map[string]func(row map[string]any) string{
		"status": text("status"), "product_name_id": product, "subaccount": account,
	}
	sorts := map[string]func(row map[string]any) string{
		"id": text("id"), "product_name_id": product, "date_created": text("date_created"), "validity_years": text("validity_years"),
	}
	for range 20 {
		example := all[chance.IntN(len(all))]
		want := slices.Clone(all)
		var params []string
		for _, name := range slices.Sorted(maps.Keys(filters)) {
			if chance.IntN(3) > 0 {
				continue
			}
			value := filters[name](example)
			params = append(params, "filters["+name+"]", value)
			want = slices.DeleteFunc(want, func(row map[string]any) bool {
				got := filters[name](row)
				return got != value && (name != "status" || value != "issued" || got != "expired")
			})
		}
		var order []string
		names := slices.Sorted(maps.Keys(sorts))
		for range chance.IntN(4) {
			name := names[chance.IntN(len(names))]
			order = append(order, []string{"", "-"}[chance.IntN(2)]+name)
		}
		if len(order) > 0 {
			params = append(params, "sort", strings.Join(order, ","))
			slices.SortStableFunc(want, func(a, b map[string]any) int { // all come by id
				for _, key := range order {
					name, descending := strings.CutPrefix(key, "-")
					c := cmp.Compare(sorts[name](a), sorts[name](b)) // as texts: the ids have all the same length
					if descending {
						c = -c
					}
					if c != 0 {
						return c
					}
				}
				return 0
			})
		}
		got := walk(t, s, 100+chance.IntN(900), params...)
		require.Equal(t, len(want), len(got), "%v", params)
		for i := range want {
			require.Equal(t, want[i], got[i], "%v", params)
		}
	}
}

// walk returns the rows of all pages, and checks the page objects.
func walk(t *testing.T, s *digicerttest.Server, limit int, params ...string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for {
		page := get(t, s, orderPath+query(append([]string{"limit", fmt.Sprint(limit), "offset", fmt.Sprint(len(all))}, params...)...))
		list := rows(t, page, "orders")
		total := decoded(t, page.body)["page"].(map[string]any)["total"]
		all = append(all, list...)
		if len(list) == 0 {
			require.Equal(t, fmt.Sprint(len(all)), fmt.Sprint(total))
			return all
		}
	}
}

// TestListsFollowChanges checks that a cached selection is not used after a change.
func TestListsFollowChanges(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	issued := func() []string {
		return column(t, get(t, s, orderPath+query("filters[status]", "issued", "sort", "-id")), "orders", "id")
	}
	require.Equal(t, []string{"3", "2", "1"}, issued())
	require.NoError(t, s.SetStatus(2, "revoked"))
	require.Equal(t, []string{"3", "1"}, issued())
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 8, Subaccount: digicert.Subaccount{AccountID: 10}, Status: "issued"}))
	require.Equal(t, []string{"8", "3", "1"}, issued())
	require.NoError(t, s.RemoveOrder(3))
	require.Equal(t, []string{"8", "1"}, issued())
	require.NoError(t, s.Generate(1, 0))
	require.Equal(t, []string{"8", "1"}, issued())
}

// TestManySelections requests more selections than the server keeps.
func TestManySelections(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	for range 3 {
		for id := 1; id <= 7; id++ {
			want := []string{fmt.Sprint(id)}
			if id == 7 {
				want = []string{}
			}
			require.Equal(t, want, column(t, get(t, s, orderPath+query("filters[certificate_id]", fmt.Sprint(1000+id))), "orders", "id"))
		}
	}
}
