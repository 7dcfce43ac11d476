package digicert_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/shopspring/decimal"
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
		Orders: []digicert.SubaccountOrder{withLists(digicert.SubaccountOrder{
			ID: 1, Status: digicert.OrderStatusIssued, DateIssued: utc(2024, time.June, 11, 0, 0, 0),
			Subaccount: digicert.Subaccount{AccountID: 2, AccountType: digicert.AccountTypeReseller},
		})},
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
		"filter valid_till, from":  {filter(digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{From: from}}), []string{"filters[valid_till]=2024-02-29...2999-12-31"}},
		"filter valid_till, to":    {filter(digicert.SubaccountOrderFilters{ValidTill: digicert.DateRange{To: to}}), []string{"filters[valid_till]=1970-01-01...2024-03-01"}},
		"filter date_created":      {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{From: from, To: from}}), []string{"filters[date_created]=2024-02-29...2024-02-29"}},
		"filter date_created from": {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{From: from}}), []string{"filters[date_created]=2024-02-29...2999-12-31"}},
		"filter date_created to":   {filter(digicert.SubaccountOrderFilters{DateCreated: digicert.DateRange{To: to}}), []string{"filters[date_created]=1970-01-01...2024-03-01"}},
		"everything": {&params{
			Offset: 1, Limit: 2, Sort: []string{"-id"},
			Filters: digicert.SubaccountOrderFilters{
				ID: 3, CertificateID: 4, CommonName: "a", Status: "b", ProductNameID: "c", SubaccountID: 5, AccountType: "d",
				ValidTill: digicert.DateRange{From: from}, DateCreated: digicert.DateRange{To: to},
			},
		}, []string{
			"offset=1", "limit=2", "sort=-id", "filters[id]=3", "filters[certificate_id]=4", "filters[common_name]=a", "filters[status]=b",
			"filters[product_name_id]=c", "filters[subaccount]=5", "filters[account_type]=d", "filters[valid_till]=2024-02-29...2999-12-31",
			"filters[date_created]=1970-01-01...2024-03-01",
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

// listing plays the service's paging over n rows of whatever list, whose ids are 1 to n.
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

// pageOf is a page of any of the service's lists with the rows from+1 to to. As in the service, its list is missing where
// there are none.
func pageOf(from, to int, page map[string]int) *http.Response {
	body := map[string]any{"page": page}
	var rows []map[string]int
	for id := from + 1; id <= to; id++ {
		rows = append(rows, map[string]int{"id": id, "account_id": id})
	}
	if rows != nil {
		body["orders"], body["subaccounts"] = rows, rows
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return httpmock.NewBytesResponse(http.StatusOK, encoded)
}

// collect ranges over seq to its end. With an error comes a zero row, and after it nothing.
func collect[T any](t testing.TB, seq iter.Seq2[T, error]) (ids []int, errs []error) {
	t.Helper()
	for row, err := range seq {
		require.Empty(t, errs, "an error is the last that comes")
		if err != nil {
			require.Zero(t, row)
			errs = append(errs, err)
			continue
		}
		ids = append(ids, rowID(row))
	}
	return ids, errs
}

// rowID is the id of a row of a paged list.
func rowID(row any) int {
	switch row := row.(type) {
	case int:
		return row
	case digicert.SubaccountOrder:
		return int(row.ID)
	case digicert.Order:
		return int(row.ID)
	case digicert.SubaccountInfo:
		return int(row.AccountID)
	}
	panic(fmt.Sprintf("%T is no row", row))
}

// walk is one of the listings of all pages.
type walk struct {
	name    string
	path    string // as errors show it
	pointer string // of the first row's id
	all     func(ctx context.Context, c *digicert.Client, limit, offset int) iter.Seq2[int, error]
}

// walks are all of them.
var walks = []walk{
	{"Subaccounts.AllOrders", "/account/subaccount/order", "/orders/0/id", func(ctx context.Context, c *digicert.Client, limit, offset int) iter.Seq2[int, error] {
		return rowIDs(c.Subaccounts.AllOrders(ctx, &digicert.ListSubaccountOrdersParams{Limit: limit, Offset: offset}))
	}},
	{"Orders.All", "/order/certificate", "/orders/0/id", func(ctx context.Context, c *digicert.Client, limit, offset int) iter.Seq2[int, error] {
		return rowIDs(c.Orders.All(ctx, &digicert.ListOrdersParams{Limit: limit, Offset: offset}))
	}},
	{"Subaccounts.All", "/account/subaccount", "/subaccounts/0/account_id", func(ctx context.Context, c *digicert.Client, limit, offset int) iter.Seq2[int, error] {
		return rowIDs(c.Subaccounts.All(ctx, &digicert.ListSubaccountsParams{Limit: limit, Offset: offset}))
	}},
}

// rowIDs returns the ids of a sequence of rows.
func rowIDs[T any](seq iter.Seq2[T, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for row, err := range seq {
			if !yield(rowID(row), err) {
				return
			}
		}
	}
}

// through lists the numbers from from to to.
func through(from, to int) (ids []int) {
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

func TestAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listing       listing
		limit, offset int
		want          []int
	}{
		"none":                          {listing{n: 0}, 0, 0, nil},
		"one page":                      {listing{n: 3}, 0, 0, through(1, 3)},
		"full pages and a rest":         {listing{n: 25}, 10, 0, through(1, 25)},
		"full pages":                    {listing{n: 30}, 10, 0, through(1, 30)},
		"pages of one":                  {listing{n: 3}, 1, 0, through(1, 3)},
		"many pages":                    {listing{n: 95}, 2, 0, through(1, 95)},
		"default limit, two pages":      {listing{n: 1001}, 0, 0, through(1, 1001)},
		"from an offset":                {listing{n: 25}, 10, 7, through(8, 25)},
		"from the end":                  {listing{n: 25}, 10, 25, nil},
		"from beyond the end":           {listing{n: 25}, 10, 99, nil},
		"capped below the limit":        {listing{n: 25, cap: 4}, 10, 0, through(1, 25)},
		"capped below the limit, again": {listing{n: 24, cap: 4}, 10, 0, through(1, 24)},
		"capped below the default":      {listing{n: 25, cap: 10}, 0, 0, through(1, 25)},
		"capped, from an offset":        {listing{n: 25, cap: 4}, 10, 3, through(4, 25)},
		"total too large":               {listing{n: 25, total: func(n int) int { return 10 * n }}, 10, 0, through(1, 25)},
		"total too large, full pages":   {listing{n: 30, total: func(n int) int { return n + 1 }}, 10, 0, through(1, 30)},
		"total of none":                 {listing{n: 25, total: func(int) int { return 0 }}, 10, 0, through(1, 25)},
		"total is that of a page":       {listing{n: 25, total: func(int) int { return 9 }}, 10, 0, through(1, 25)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, w := range walks {
				s := newService(tc.listing.respond)
				c := s.client(t, digicert.WithLimiter(unlimited{}))

				ids, errs := collect(t, w.all(t.Context(), c, tc.limit, tc.offset))

				require.Empty(t, errs, w.name)
				require.Equal(t, tc.want, ids, w.name)
				for _, req := range s.sent() {
					require.Equal(t, "/services/v2"+w.path, req.URL.Path)
				}
			}
		})
	}
}

// A page that says nothing of itself ends nothing: only an empty one does.
func TestAllWithoutPageInfo(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		s := newService(listing{answer: func(offset int) *http.Response {
			return pageOf(offset, min(offset+10, 25), nil)
		}}.respond)

		ids, errs := collect(t, w.all(t.Context(), s.client(t), 10, 0))

		require.Empty(t, errs, w.name)
		require.Equal(t, through(1, 25), ids, w.name)
	}
}

// A short page whose total says that it is all proves nothing: the overlap row is asked for again, and what is behind it.
func TestAllConfirmsTheEnd(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		s := newService(listing{n: 3}.respond)

		ids, errs := collect(t, w.all(t.Context(), s.client(t), 0, 0))

		require.Empty(t, errs, w.name)
		require.Equal(t, through(1, 3), ids, w.name)
		var offsets []string
		for _, req := range s.sent() {
			offsets = append(offsets, req.URL.Query().Get("offset"))
		}
		require.ElementsMatch(t, []string{"", "2", "3"}, offsets, w.name)
	}
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

func TestAllTwice(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		s := newService(listing{n: 25}.respond)
		seq := w.all(t.Context(), s.client(t), 10, 0)
		require.Empty(t, s.sent(), "nothing is sent before the first row is wanted")

		for range seq { // left at once: the next range begins at the beginning all the same
			break
		}
		for range 2 {
			ids, errs := collect(t, seq)
			require.Empty(t, errs, w.name)
			require.Equal(t, through(1, 25), ids, w.name)
		}
	}
}

// A service that ignores the offset must not look like one with as many orders as a page has.
func TestAllNoProgress(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]int{
		"more is claimed":     1000,
		"nothing is claimed":  0,
		"a little is claimed": 11,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, w := range walks {
				s := newService(listing{answer: func(offset int) *http.Response {
					return pageOf(0, 10, map[string]int{"total": total, "limit": 10, "offset": offset})
				}}.respond)

				ids, errs := collect(t, w.all(t.Context(), s.client(t), 10, 0))

				require.Equal(t, through(1, 10), ids, w.name)
				require.Len(t, errs, 1, w.name)
				require.ErrorIs(t, errs[0], digicert.ErrNoProgress)
				requireOneLine(t, errs[0])
			}
		})
	}
}

func TestAllErrorMidway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		check  func(*testing.T, error, walk)
	}{
		"refused": {http.StatusForbidden, `{"errors":[{"code":"access_denied|missing_permission"}]}`, func(t *testing.T, err error, _ walk) {
			require.ErrorIs(t, err, digicert.CodeMissingPermission)
		}},
		"trouble": {http.StatusInternalServerError, ``, func(t *testing.T, err error, _ walk) {
			require.ErrorIs(t, err, digicert.ErrUnavailable)
		}},
		"garbage": {http.StatusOK, `{"orders":[{"id":"abc"}],"subaccounts":[{"account_id":"abc"}]}`, func(t *testing.T, err error, w walk) {
			requireDecodeError(t, err, w.path, w.pointer)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, w := range walks {
				s := newService(listing{n: 95, answer: func(offset int) *http.Response {
					if offset < 15 {
						return nil
					}
					return httpmock.NewStringResponse(tc.status, tc.body)
				}}.respond)

				ids, errs := collect(t, w.all(t.Context(), s.client(t), 10, 0))

				require.NotEmpty(t, ids, w.name)
				require.Equal(t, through(1, len(ids)), ids, "what came before the error is complete and in order")
				require.Len(t, errs, 1, w.name)
				tc.check(t, errs[0], w)
			}
		})
	}
}

func TestAllStopEarly(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 10, 11, 25} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			t.Parallel()
			for _, w := range walks {
				s := newService(listing{n: 1000}.respond)
				c := s.client(t, digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(2))

				var ids []int
				for id, err := range w.all(t.Context(), c, 10, 0) {
					require.NoError(t, err)
					if ids = append(ids, id); len(ids) == rows {
						break
					}
				}

				require.Equal(t, through(1, rows), ids, w.name)
				require.Less(t, len(s.sent()), 20, "of the hundred pages")
			}
		})
	}
}

// The rows are whole orders, not only ids. A service that answers whatever the offset is with all rows that its total
// promises, as this one does, is no error.
func TestAllOrdersSample(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, fixture(t, "subaccount_orders.json"))

	var got []digicert.SubaccountOrder
	for order, err := range c.Subaccounts.AllOrders(t.Context(), nil) {
		require.NoError(t, err)
		got = append(got, order)
	}

	require.Equal(t, samplePage().Orders, got)
	require.Less(t, len(s.sent()), 8)
	for _, req := range s.sent() {
		require.Equal(t, "/services/v2/account/subaccount/order", req.URL.Path)
	}
}

const subaccountsBody = `{
	"subaccounts": [
		{"account_id": 112233, "account_type": "enterprise", "organization_name": "Sub account organization",
		 "date_created": "2018-11-29 01:48:04", "account_manager": "Ann Lee"},
		{"account_id": 3179443638, "account_type": "brand_new", "organization_name": "Another", "date_created": "2020-02-29 23:59:59"}
	],
	"page": {"total": 2, "limit": 1000, "offset": 0}
}`

// subaccountsPage is what subaccountsBody says.
func subaccountsPage() *digicert.SubaccountPage {
	return &digicert.SubaccountPage{
		Subaccounts: []digicert.SubaccountInfo{
			{
				AccountID: 112233, AccountType: digicert.AccountTypeEnterprise, OrganizationName: "Sub account organization",
				DateCreated: utc(2018, time.November, 29, 1, 48, 4), AccountManager: json.RawMessage(`"Ann Lee"`),
			},
			{
				AccountID: 3179443638, AccountType: "brand_new", OrganizationName: "Another",
				DateCreated: utc(2020, time.February, 29, 23, 59, 59),
			},
		},
		Page: digicert.PageInfo{Total: 2, Limit: 1000},
	}
}

// The documentation's sample and its table differ in the name of the list.
func TestSubaccounts(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"subaccounts":         subaccountsBody,
		"child_accounts":      strings.Replace(subaccountsBody, "subaccounts", "child_accounts", 1),
		"both, one is empty":  strings.Replace(subaccountsBody, `"subaccounts"`, `"subaccounts": [], "child_accounts"`, 1),
		"both, other is null": strings.Replace(subaccountsBody, `"subaccounts"`, `"child_accounts": null, "subaccounts"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.StatusOK, body)

			got, err := c.Subaccounts.List(t.Context(), nil)

			require.NoError(t, err)
			require.Equal(t, subaccountsPage(), got)

			var all []digicert.SubaccountInfo
			for row, err := range c.Subaccounts.All(t.Context(), nil) {
				require.NoError(t, err)
				all = append(all, row)
			}
			require.Equal(t, subaccountsPage().Subaccounts, all)
		})
	}
}

// What is known of an account's manager is only its name: it is kept as it comes, and outlives the buffer of the answer.
func TestSubaccountsManager(t *testing.T) {
	t.Parallel()
	for _, manager := range []string{`"Ann Lee"`, `7`, `[]`, `{"a": [1, "2", null]}`, `null`} {
		c, _ := serve(t, http.StatusOK, `{"subaccounts": [{"account_id": 1, "account_manager": `+manager+`}]}`)
		page, err := c.Subaccounts.List(t.Context(), nil)
		require.NoError(t, err)
		other, _ := serve(t, http.StatusOK, strings.Repeat("9", 1000))
		require.NoError(t, other.Get(t.Context(), "/x", nil, new(json.RawMessage)))
		require.Equal(t, manager, string(page.Subaccounts[0].AccountManager))
	}
}

func TestSubaccountsRequest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params *digicert.ListSubaccountsParams
		query  []string
	}{
		"nil":           {nil, nil},
		"zero":          {&digicert.ListSubaccountsParams{}, nil},
		"offset":        {&digicert.ListSubaccountsParams{Offset: 2000}, []string{"offset=2000"}},
		"largest limit": {&digicert.ListSubaccountsParams{Limit: 1000}, []string{"limit=1000"}},
		"both":          {&digicert.ListSubaccountsParams{Limit: 1, Offset: 2}, []string{"limit=1", "offset=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			var before digicert.ListSubaccountsParams
			if tc.params != nil {
				before = *tc.params
			}

			_, err := c.Subaccounts.List(t.Context(), tc.params)

			require.NoError(t, err)
			require.Equal(t, "/services/v2/account/subaccount", s.only(t).URL.Path)
			require.ElementsMatch(t, tc.query, queryOf(t, s.only(t)))
			if tc.params != nil {
				require.Equal(t, before, *tc.params)
			}
		})
	}
}

func TestSubaccountsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		params digicert.ListSubaccountsParams
		param  string
	}{
		{digicert.ListSubaccountsParams{Limit: -1}, "limit"},
		{digicert.ListSubaccountsParams{Limit: 1001}, "limit"},
		{digicert.ListSubaccountsParams{Offset: -1}, "offset"},
	} {
		c, s := serve(t, http.StatusOK, `{}`)

		page, err := c.Subaccounts.List(t.Context(), &tc.params)

		requireParamError(t, err, tc.param)
		require.Nil(t, page)

		rows, errs := collect(t, c.Subaccounts.All(t.Context(), &tc.params))

		require.Empty(t, rows)
		require.Len(t, errs, 1)
		requireParamError(t, errs[0], tc.param)
		require.Zero(t, s.GetTotalCallCount())
	}
}

func TestSubaccountsAllCopiesParams(t *testing.T) {
	t.Parallel()
	params := &digicert.ListSubaccountsParams{Limit: 10, Offset: 3}
	s := newService(listing{n: 25}.respond)

	seq := s.client(t).Subaccounts.All(t.Context(), params)
	params.Offset, params.Limit = 20, 1
	ids, errs := collect(t, seq)

	require.Empty(t, errs)
	require.Equal(t, through(4, 25), ids)
	require.Equal(t, &digicert.ListSubaccountsParams{Limit: 1, Offset: 20}, params)
	for _, req := range s.sent() {
		require.False(t, req.URL.Query().Has("sort"), "none is documented")
	}
}

// Rows that are inserted while the listing runs push others into later pages, where they come again.
func TestSubaccountsAllYieldsNoIDTwice(t *testing.T) {
	t.Parallel()
	s := newService(listing{answer: func(offset int) *http.Response {
		return pageOf(max(0, offset-3), min(max(0, offset-3)+10, 40), map[string]int{"total": 50, "limit": 10, "offset": offset})
	}}.respond)

	ids, errs := collect(t, s.client(t).Subaccounts.All(t.Context(), nil))

	require.Empty(t, errs)
	require.Equal(t, through(1, 40), ids)
}

const subaccountOrderBody = `{
	"id": 123457,
	"certificate": {"id": 101015, "thumbprint": "03F6", "serial_number": "0FDA", "common_name": "example.com",
		"dns_names": ["sub1.example.com", "sub2.example.com"], "valid_till": "2020-06-15", "organization_units": ["IT Dept."],
		"signature_hash": "sha256", "ca_cert": {"id": "7", "name": "An issuing CA"}},
	"subaccount": {"account_id": 123445, "account_type": "retail", "organization_name": "Sub account organization"},
	"organization": {"id": 4, "name": "Example, Inc.", "assumed_name": "Example", "display_name": "Example, Inc. (Example)"},
	"product": {"name_id": "ssl_multi_domain", "name": "Multi-Domain SSL", "type": "ssl_certificate"},
	"order_price": {"cost": 358, "currency": "USD"},
	"status": "issued",
	"number_of_sans": 4,
	"date_created": "2019-06-11T07:08:04+00:00",
	"date_issued": "2019-06-11T07:09:00+00:00",
	"validity_years": 1,
	"is_multi_year_plan": "1",
	"order_valid_from": "2019-06-11",
	"order_valid_till": "2021-06-15"
}`

// subaccountOrder is what subaccountOrderBody says.
func subaccountOrder() *digicert.SubaccountOrder {
	return &digicert.SubaccountOrder{
		ID: 123457,
		Certificate: digicert.OrderCertificate{
			ID:                101015,
			Thumbprint:        "03F6",
			SerialNumber:      "0FDA",
			CommonName:        "example.com",
			DNSNames:          []string{"sub1.example.com", "sub2.example.com"},
			ValidTill:         digicert.Date{Year: 2020, Month: time.June, Day: 15},
			OrganizationUnits: []string{"IT Dept."},
			SignatureHash:     "sha256",
			CACert:            digicert.CACert{ID: "7", Name: "An issuing CA"},
		},
		Subaccount: digicert.Subaccount{
			AccountID: 123445, AccountType: digicert.AccountTypeRetail, OrganizationName: "Sub account organization",
		},
		Product:       digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"},
		OrderPrice:    digicert.Price{Cost: decimal.NewFromInt(358), Currency: "USD"},
		Status:        digicert.OrderStatusIssued,
		NumberOfSANs:  4,
		DateCreated:   utc(2019, time.June, 11, 7, 8, 4),
		DateIssued:    utc(2019, time.June, 11, 7, 9, 0),
		ValidityYears: 1,
		Organization: digicert.Organization{
			ID: 4, Name: "Example, Inc.", AssumedName: "Example", DisplayName: "Example, Inc. (Example)",
		},
		IsMultiYearPlan: true,
		OrderValidFrom:  digicert.Date{Year: 2019, Month: time.June, Day: 11},
		OrderValidTill:  digicert.Date{Year: 2021, Month: time.June, Day: 15},
	}
}

// withLists returns an order as it is decoded: its lists are not nil, even those of a certificate that was not sent.
func withLists(o digicert.SubaccountOrder) digicert.SubaccountOrder {
	if o.Certificate.DNSNames == nil {
		o.Certificate.DNSNames = []string{}
	}
	if o.Certificate.OrganizationUnits == nil {
		o.Certificate.OrganizationUnits = []string{}
	}
	return o
}

func TestSubaccountOrder(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, strings.Replace(subaccountOrderBody, "123457", "9223372036854775807", 1))
	want := subaccountOrder()
	want.ID = math.MaxInt64

	got, err := c.Subaccounts.GetOrder(t.Context(), math.MaxInt64)

	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, "/services/v2/account/subaccount/order/9223372036854775807", s.only(t).URL.Path)
	require.Empty(t, s.only(t).URL.RawQuery)
}

func TestSubaccountOrderRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []digicert.OrderID{0, -1, math.MinInt64} {
		c, s := serve(t, http.StatusOK, `{}`)

		got, err := c.Subaccounts.GetOrder(t.Context(), id)

		requireParamError(t, err, "order_id")
		require.Nil(t, got)
		require.Zero(t, s.GetTotalCallCount())
	}
}
