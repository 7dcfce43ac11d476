package digicert_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestSubaccountOrdersSample(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, fixture(t, "subaccount_orders.json"))

	got, err := c.Subaccounts.ListOrders(t.Context(), nil)

	require.NoError(t, err)
	require.Equal(t, samplePage(), got)
}

// The documentation's table gives date_issued as a day and its sample as a time.
func TestSubaccountOrdersNewerFields(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{
		"orders": [{"id": 1, "status": "issued", "date_issued": "2024-06-11", "validity_years": 0,
			"subaccount": {"account_id": 2, "account_type": "reseller"}}],
		"page": {"total": 8, "limit": 1, "offset": 7}
	}`)

	got, err := c.Subaccounts.ListOrders(t.Context(), nil)

	require.NoError(t, err)
	require.Equal(t, &digicert.SubaccountOrderPage{
		Orders: []digicert.SubaccountOrder{{
			ID: 1, Status: digicert.OrderStatusIssued, DateIssued: utc(2024, time.June, 11, 0, 0, 0),
			Subaccount: digicert.Subaccount{AccountID: 2, AccountType: digicert.AccountTypeReseller},
		}},
		Page: digicert.PageInfo{Total: 8, Limit: 1, Offset: 7},
	}, got)
}

func TestSubaccountOrdersRequest(t *testing.T) {
	t.Parallel()
	type params = digicert.ListSubaccountOrdersParams
	filter := func(f digicert.SubaccountOrderFilters) *params { return &params{Filters: f} }
	from := digicert.Date{Year: 2024, Month: time.February, Day: 29}
	to := digicert.Date{Year: 2024, Month: time.March, Day: 1}

	for name, tc := range map[string]struct {
		params *params
		query  []string
	}{
		"nil":                      {nil, nil},
		"zero":                     {&params{}, nil},
		"offset":                   {&params{Offset: 2000}, []string{"offset=2000"}},
		"limit":                    {&params{Limit: 1}, []string{"limit=1"}},
		"largest limit":            {&params{Limit: 1000}, []string{"limit=1000"}},
		"no sort key":              {&params{Sort: []string{}}, nil},
		"sort by id":               {&params{Sort: []string{"id"}}, []string{"sort=id"}},
		"sort by common_name":      {&params{Sort: []string{"common_name"}}, []string{"sort=common_name"}},
		"sort by product_name_id":  {&params{Sort: []string{"product_name_id"}}, []string{"sort=product_name_id"}},
		"sort by date_created":     {&params{Sort: []string{"date_created"}}, []string{"sort=date_created"}},
		"sort by validity_years":   {&params{Sort: []string{"validity_years"}}, []string{"sort=validity_years"}},
		"sort by two, descending":  {&params{Sort: []string{"common_name", "-date_created"}}, []string{"sort=common_name,-date_created"}},
		"filter id":                {filter(digicert.SubaccountOrderFilters{ID: 3179443638}), []string{"filters[id]=3179443638"}},
		"filter certificate_id":    {filter(digicert.SubaccountOrderFilters{CertificateID: 7}), []string{"filters[certificate_id]=7"}},
		"filter common_name":       {filter(digicert.SubaccountOrderFilters{CommonName: "*.example.com"}), []string{"filters[common_name]=*.example.com"}},
		"filter status":            {filter(digicert.SubaccountOrderFilters{Status: digicert.OrderStatusWaitingPickup}), []string{"filters[status]=waiting_pickup"}},
		"filter unknown status":    {filter(digicert.SubaccountOrderFilters{Status: "brand_new"}), []string{"filters[status]=brand_new"}},
		"filter product_name_id":   {filter(digicert.SubaccountOrderFilters{ProductNameID: "ssl_plus"}), []string{"filters[product_name_id]=ssl_plus"}},
		"filter subaccount":        {filter(digicert.SubaccountOrderFilters{SubaccountID: 112233}), []string{"filters[subaccount]=112233"}},
		"filter account_type":      {filter(digicert.SubaccountOrderFilters{AccountType: digicert.AccountTypeRetail}), []string{"filters[account_type]=retail"}},
		"filter valid_till":        {filter(digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{From: from, To: to}}), []string{"filters[valid_till]=2024-02-29...2024-03-01"}},
		"filter valid_till, from":  {filter(digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{From: from}}), []string{"filters[valid_till]=>2024-02-29"}},
		"filter valid_till, to":    {filter(digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{To: to}}), []string{"filters[valid_till]=<2024-03-01"}},
		"filter date_created":      {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{From: from, To: from}}), []string{"filters[date_created]=2024-02-29...2024-02-29"}},
		"filter date_created from": {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{From: from}}), []string{"filters[date_created]=>2024-02-29"}},
		"filter date_created to":   {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{To: to}}), []string{"filters[date_created]=<2024-03-01"}},
		"everything": {&params{
			Offset: 1, Limit: 2, Sort: []string{"-id"},
			Filters: digicert.SubaccountOrderFilters{
				ID: 3, CertificateID: 4, CommonName: "a", Status: "b", ProductNameID: "c", SubaccountID: 5, AccountType: "d",
				ValidTill: digicert.DateRange{From: from}, DateCreated: digicert.DateRange{To: to},
			},
		}, []string{
			"offset=1", "limit=2", "sort=-id", "filters[id]=3", "filters[certificate_id]=4", "filters[common_name]=a", "filters[status]=b",
			"filters[product_name_id]=c", "filters[subaccount]=5", "filters[account_type]=d", "filters[valid_till]=>2024-02-29",
			"filters[date_created]=<2024-03-01",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			_, err := c.Subaccounts.ListOrders(t.Context(), tc.params)

			require.NoError(t, err)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/account/subaccount/order", req.URL.Path)
			require.ElementsMatch(t, tc.query, queryOf(t, req))
		})
	}
}

// A value with the characters of a query's own syntax arrives as it is.
func TestSubaccountOrdersQueryIsEscaped(t *testing.T) {
	t.Parallel()
	const name = "a&b=c+d e%20f#g;h\u00fc"
	c, s := serve(t, http.StatusOK, `{}`)

	_, err := c.Subaccounts.ListOrders(t.Context(), &digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{CommonName: name},
	})

	require.NoError(t, err)
	require.Equal(t, map[string][]string{"filters[common_name]": {name}}, map[string][]string(s.only(t).URL.Query()))
}

// refusedOrderParams are the parameters that ListOrders and AllOrders refuse, by the one that is refused.
var refusedOrderParams = map[string]struct {
	params digicert.ListSubaccountOrdersParams
	param  string
}{
	"negative limit":       {digicert.ListSubaccountOrdersParams{Limit: -1}, "limit"},
	"limit over 1000":      {digicert.ListSubaccountOrdersParams{Limit: 1001}, "limit"},
	"negative offset":      {digicert.ListSubaccountOrdersParams{Offset: -1}, "offset"},
	"unknown sort key":     {digicert.ListSubaccountOrdersParams{Sort: []string{"id", "status"}}, "sort"},
	"empty sort key":       {digicert.ListSubaccountOrdersParams{Sort: []string{""}}, "sort"},
	"no sort key but -":    {digicert.ListSubaccountOrdersParams{Sort: []string{"-"}}, "sort"},
	"sort key with two -":  {digicert.ListSubaccountOrdersParams{Sort: []string{"--id"}}, "sort"},
	"two sort keys in one": {digicert.ListSubaccountOrdersParams{Sort: []string{"id,common_name"}}, "sort"},
	"upper case sort key":  {digicert.ListSubaccountOrdersParams{Sort: []string{"ID"}}, "sort"},
	"negative id": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{ID: -1},
	}, "filters[id]"},
	"negative certificate id": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{CertificateID: math.MinInt64},
	}, "filters[certificate_id]"},
	"negative subaccount id": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{SubaccountID: -5},
	}, "filters[subaccount]"},
	"valid_till ends early": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{
			From: digicert.Date{Year: 2024, Month: time.March, Day: 2}, To: digicert.Date{Year: 2024, Month: time.March, Day: 1},
		}},
	}, "filters[valid_till]"},
	"date_created ends early": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{
			From: digicert.Date{Year: 2024, Month: time.January, Day: 1}, To: digicert.Date{Year: 2023, Month: time.December, Day: 31},
		}},
	}, "filters[date_created]"},
	"valid_till from no day": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{From: digicert.Date{Year: 2023, Month: time.February, Day: 29}}},
	}, "filters[valid_till]"},
	"date_created to no day": {digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{To: digicert.Date{Year: 2023, Month: 13, Day: 1}}},
	}, "filters[date_created]"},
}

func TestSubaccountOrdersRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range refusedOrderParams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			page, err := c.Subaccounts.ListOrders(t.Context(), &tc.params)

			requireParamError(t, err, tc.param)
			require.Nil(t, page)

			orders, errs := collect(t, c.Subaccounts.AllOrders(t.Context(), &tc.params))

			require.Empty(t, orders)
			require.Len(t, errs, 1)
			requireParamError(t, errs[0], tc.param)
			require.Zero(t, s.GetTotalCallCount())
		})
	}
}

// listing plays the service's paging over n orders, whose ids are 1 to n.
type listing struct {
	n     int
	cap   int             // the most rows of a page, whatever limit says; 0 is the service's own 1000
	total func(n int) int // what the pages claim; nil is the truth
	// answer is asked first; an answer other than nil is sent as it is.
	answer func(offset int) *http.Response
}

func (l listing) respond(req *http.Request) (*http.Response, error) {
	number := func(name string, absent int) int {
		if n, err := strconv.Atoi(req.URL.Query().Get(name)); err == nil {
			return n
		}
		return absent
	}
	offset, limit := number("offset", 0), number("limit", 1000)
	if l.answer != nil {
		if resp := l.answer(offset); resp != nil {
			return resp, nil
		}
	}
	if l.cap > 0 {
		limit = min(limit, l.cap)
	}
	total := l.n
	if l.total != nil {
		total = l.total(l.n)
	}
	return pageOf(offset, min(offset+limit, l.n), map[string]int{"total": total, "limit": limit, "offset": offset}), nil
}

// pageOf is a page with the orders from+1 to to. As in the service, its list is missing where there are none.
func pageOf(from, to int, page map[string]int) *http.Response {
	body := map[string]any{"page": page}
	var rows []map[string]int
	for id := from + 1; id <= to; id++ {
		rows = append(rows, map[string]int{"id": id})
	}
	if rows != nil {
		body["orders"] = rows
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return httpmock.NewBytesResponse(http.StatusOK, encoded)
}

// collect ranges over seq to its end. With an error comes a zero order, and after it nothing.
func collect(t testing.TB, seq iter.Seq2[digicert.SubaccountOrder, error]) (ids []int, errs []error) {
	t.Helper()
	for order, err := range seq {
		require.Empty(t, errs, "an error is the last that comes")
		if err != nil {
			require.Equal(t, digicert.SubaccountOrder{}, order)
			errs = append(errs, err)
			continue
		}
		ids = append(ids, int(order.ID))
	}
	return ids, errs
}

// through lists the numbers from from to to.
func through(from, to int) (ids []int) {
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

func TestAllOrders(t *testing.T) {
	t.Parallel()
	type params = digicert.ListSubaccountOrdersParams

	for name, tc := range map[string]struct {
		listing listing
		params  *params
		want    []int
	}{
		"none":                          {listing{n: 0}, nil, nil},
		"one page":                      {listing{n: 3}, nil, through(1, 3)},
		"full pages and a rest":         {listing{n: 25}, &params{Limit: 10}, through(1, 25)},
		"full pages":                    {listing{n: 30}, &params{Limit: 10}, through(1, 30)},
		"pages of one":                  {listing{n: 3}, &params{Limit: 1}, through(1, 3)},
		"many pages":                    {listing{n: 95}, &params{Limit: 2}, through(1, 95)},
		"default limit, two pages":      {listing{n: 1001}, nil, through(1, 1001)},
		"from an offset":                {listing{n: 25}, &params{Limit: 10, Offset: 7}, through(8, 25)},
		"from the end":                  {listing{n: 25}, &params{Limit: 10, Offset: 25}, nil},
		"from beyond the end":           {listing{n: 25}, &params{Limit: 10, Offset: 99}, nil},
		"capped below the limit":        {listing{n: 25, cap: 4}, &params{Limit: 10}, through(1, 25)},
		"capped below the limit, again": {listing{n: 24, cap: 4}, &params{Limit: 10}, through(1, 24)},
		"capped below the default":      {listing{n: 25, cap: 10}, nil, through(1, 25)},
		"capped, from an offset":        {listing{n: 25, cap: 4}, &params{Limit: 10, Offset: 3}, through(4, 25)},
		"total too large":               {listing{n: 25, total: func(n int) int { return 10 * n }}, &params{Limit: 10}, through(1, 25)},
		"total too large, full pages":   {listing{n: 30, total: func(n int) int { return n + 1 }}, &params{Limit: 10}, through(1, 30)},
		"total of none":                 {listing{n: 25, total: func(int) int { return 0 }}, &params{Limit: 10}, through(1, 25)},
		"total is that of a page":       {listing{n: 25, total: func(int) int { return 9 }}, &params{Limit: 10}, through(1, 25)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newService(tc.listing.respond).client(t, digicert.WithLimiter(unlimited{}))

			ids, errs := collect(t, c.Subaccounts.AllOrders(t.Context(), tc.params))

			require.Empty(t, errs)
			require.Equal(t, tc.want, ids)
		})
	}
}

// A page that says nothing of itself ends nothing: only an empty one does.
func TestAllOrdersWithoutPageInfo(t *testing.T) {
	t.Parallel()
	s := newService(listing{answer: func(offset int) *http.Response {
		return pageOf(offset, min(offset+10, 25), nil)
	}}.respond)

	ids, errs := collect(t, s.client(t).Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}))

	require.Empty(t, errs)
	require.Equal(t, through(1, 25), ids)
}

// Where the total is reached no further page is asked for.
func TestAllOrdersEndsOnTotal(t *testing.T) {
	t.Parallel()
	s := newService(listing{n: 3}.respond)

	ids, errs := collect(t, s.client(t).Subaccounts.AllOrders(t.Context(), nil))

	require.Empty(t, errs)
	require.Equal(t, through(1, 3), ids)
	require.Len(t, s.sent(), 1)
}

// Every page is asked for with the caller's parameters, which stay as they are even where the caller changes them later.
func TestAllOrdersCopiesParams(t *testing.T) {
	t.Parallel()
	params := &digicert.ListSubaccountOrdersParams{
		Limit: 10, Offset: 3, Sort: []string{"id"}, Filters: digicert.SubaccountOrderFilters{CommonName: "example.com"},
	}
	s := newService(listing{n: 25}.respond)

	seq := s.client(t).Subaccounts.AllOrders(t.Context(), params)
	params.Offset, params.Limit, params.Filters.CommonName = 20, 1, "changed"
	params.Sort[0] = "common_name"
	ids, errs := collect(t, seq)

	require.Empty(t, errs)
	require.Equal(t, through(4, 25), ids)
	for _, req := range s.sent() {
		require.Equal(t, "example.com", req.URL.Query().Get("filters[common_name]"))
		require.Equal(t, "id", req.URL.Query().Get("sort"))
	}
	require.Equal(t, &digicert.ListSubaccountOrdersParams{
		Limit: 1, Offset: 20, Sort: []string{"common_name"}, Filters: digicert.SubaccountOrderFilters{CommonName: "changed"},
	}, params)
}

func TestAllOrdersTwice(t *testing.T) {
	t.Parallel()
	s := newService(listing{n: 25}.respond)
	seq := s.client(t).Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10})
	require.Empty(t, s.sent(), "nothing is sent before the first row is wanted")

	for range seq { // left at once: the next range begins at the beginning all the same
		break
	}
	for range 2 {
		ids, errs := collect(t, seq)
		require.Empty(t, errs)
		require.Equal(t, through(1, 25), ids)
	}
}

// A service that ignores the offset must not look like one with as many orders as a page has.
func TestAllOrdersNoProgress(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]int{
		"more is claimed":     1000,
		"nothing is claimed":  0,
		"a little is claimed": 11,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(listing{answer: func(offset int) *http.Response {
				return pageOf(0, 10, map[string]int{"total": total, "limit": 10, "offset": offset})
			}}.respond)

			ids, errs := collect(t, s.client(t).Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}))

			require.Equal(t, through(1, 10), ids)
			require.Len(t, errs, 1)
			require.ErrorIs(t, errs[0], digicert.ErrNoProgress)
			requireOneLine(t, errs[0])
		})
	}
}

func TestAllOrdersErrorMidway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		check  func(*testing.T, error)
	}{
		"refused": {http.StatusForbidden, `{"errors":[{"code":"access_denied|missing_permission"}]}`, func(t *testing.T, err error) {
			require.ErrorIs(t, err, digicert.CodeMissingPermission)
		}},
		"trouble": {http.StatusInternalServerError, ``, func(t *testing.T, err error) {
			require.ErrorIs(t, err, digicert.ErrUnavailable)
		}},
		"garbage": {http.StatusOK, `{"orders":[{"id":"abc"}]}`, func(t *testing.T, err error) {
			requireDecodeError(t, err, "/account/subaccount/order", "/orders/0/id")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(listing{n: 95, answer: func(offset int) *http.Response {
				if offset < 15 {
					return nil
				}
				return httpmock.NewStringResponse(tc.status, tc.body)
			}}.respond)

			ids, errs := collect(t, s.client(t).Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}))

			require.NotEmpty(t, ids)
			require.Equal(t, through(1, len(ids)), ids, "what came before the error is complete and in order")
			require.Len(t, errs, 1)
			tc.check(t, errs[0])
		})
	}
}

func TestAllOrdersStopEarly(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 10, 11, 25} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			t.Parallel()
			s := newService(listing{n: 1000}.respond)
			c := s.client(t, digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(2))

			var ids []int
			for order, err := range c.Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}) {
				require.NoError(t, err)
				if ids = append(ids, int(order.ID)); len(ids) == rows {
					break
				}
			}

			require.Equal(t, through(1, rows), ids)
			require.Less(t, len(s.sent()), 20, "of the hundred pages")
		})
	}
}

// The rows are whole orders, not only ids.
func TestAllOrdersSample(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, fixture(t, "subaccount_orders.json"))

	var got []digicert.SubaccountOrder
	for order, err := range c.Subaccounts.AllOrders(t.Context(), nil) {
		require.NoError(t, err)
		got = append(got, order)
	}

	require.Equal(t, samplePage().Orders, got)
	require.Equal(t, "/services/v2/account/subaccount/order", s.only(t).URL.Path)
}
