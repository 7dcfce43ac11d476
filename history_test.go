package digicert_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// sources is what the service says of order 100, in JSON, where "" is an answer with nothing in it but the order's id.
type sources struct {
	order, list, reissues, duplicates string

	failing string // the end of the path of a call that is refused
}

func (s sources) respond(req *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(req.URL.Path, "/services/v2")
	if s.failing != "" && strings.HasSuffix(path, s.failing) {
		return httpmock.NewStringResponse(http.StatusForbidden, `{"errors":[{"code":"access_denied|missing_permission"}]}`), nil
	}
	body, ok := map[string]string{
		"/order/certificate/100":           s.order,
		"/order/certificate":               s.list,
		"/order/certificate/100/reissue":   s.reissues,
		"/order/certificate/100/duplicate": s.duplicates,
	}[path]
	switch {
	case !ok:
		return httpmock.NewStringResponse(http.StatusNotFound, ""), nil
	case body == "" && strings.HasSuffix(path, "/100"):
		body = `{"id": 100}`
	case body == "":
		body = `{}`
	}
	return httpmock.NewStringResponse(http.StatusOK, body), nil
}

// row is a certificate as the service gives it. What is empty was not sent.
type row struct {
	ID      int    `json:"id,omitzero"`
	Serial  string `json:"serial_number,omitzero"`
	Status  string `json:"status,omitzero"`
	Created string `json:"date_created,omitzero"`
	Issued  string `json:"date_issued,omitzero"`
	Name    string `json:"common_name,omitzero"`
}

// sourcesOf makes of rows what the service says.
func sourcesOf(t testing.TB, primary row, reissues, duplicates []row) sources {
	t.Helper()
	text := func(v any) string {
		encoded, err := json.Marshal(v)
		require.NoError(t, err)
		return string(encoded)
	}
	return sources{
		order:      text(map[string]any{"id": 100, "certificate": primary}),
		reissues:   text(map[string]any{"certificates": reissues}),
		duplicates: text(map[string]any{"certificates": duplicates}),
	}
}

// history asks for the history of order 100.
func (s sources) history(t testing.TB) *digicert.OrderHistory {
	t.Helper()
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: roundTripFunc(s.respond)}), digicert.WithLimiter(unlimited{}))
	require.NoError(t, err)
	h, err := c.Orders.History(t.Context(), 100)
	require.NoError(t, err)
	require.NotNil(t, h.Order)
	require.NotNil(t, h.Entries)
	return h
}

// inShort is an entry in a few words.
func inShort(e digicert.HistoryEntry) string {
	words := []string{fmt.Sprint(e.CertificateID)}
	add := func(word string, is bool) {
		if is {
			words = append(words, word)
		}
	}
	add(e.SerialNumber, e.SerialNumber != "")
	add("primary", e.Primary)
	add("reissue", e.Reissue != nil)
	add("duplicate", e.Duplicate != nil)
	add("current", e.Current)
	add("superseded", e.Superseded)
	return strings.Join(words, " ")
}

func allInShort(h *digicert.OrderHistory) []string {
	short := []string{}
	for _, e := range h.Entries {
		short = append(short, inShort(e))
	}
	return short
}

// An order with 3 reissues, 2 duplicates, a repeated primary and a rejected reissue: History tells it right.
func TestHistory(t *testing.T) {
	t.Parallel()
	s := sources{
		order: `{"id": 100, "status": "issued", "certificate": {"id": 1, "serial_number": "0A1", "thumbprint": "F1", "common_name": "a.example",
			"dns_names": ["a.example"], "date_created": "2020-01-01T10:00:00+00:00", "date_issued": "2020-01-01T11:00:00+00:00", "valid_till": "2022-01-01"}}`,
		list: `{"orders": [{"id": 100, "has_reissues": true, "reissues_count": 4, "has_duplicates": true, "duplicates_count": 2}]}`,
		reissues: `{"certificates": [
			{"id": 4, "serial_number": "0A4", "common_name": "a.example", "dns_names": ["a.example", "d.example"], "status": "issued",
			 "date_created": "2020-04-01T10:00:00+00:00", "date_issued": "2020-04-02T10:00:00+00:00", "valid_till": "2022-01-01"},
			{"id": 1, "serial_number": "0a1", "common_name": "a.example", "status": "issued", "date_created": "2020-01-01T10:00:00+00:00"},
			{"id": 2, "serial_number": "0A2", "common_name": "a.example", "status": "issued", "date_created": "2020-02-01T10:00:00+00:00"},
			{"id": 5, "common_name": "a.example", "status": "rejected", "date_created": "2020-05-01T10:00:00+00:00"},
			{"id": 3, "serial_number": "0A3", "common_name": "a.example", "status": "issued", "date_created": "2020-03-01T10:00:00+00:00", "archived": 1},
			{"id": 1, "serial_number": "A1", "common_name": "a.example", "status": "issued", "date_created": "2020-01-01T10:00:00+00:00"}
		]}`,
		duplicates: `{"certificates": [
			{"id": 7, "serial_number": "0A7", "common_name": "a.example", "status": "approved", "date_created": "2020-07-01T10:00:00+00:00", "archived": "0"},
			{"id": 6, "serial_number": "0A6", "common_name": "a.example", "status": "issued", "date_created": "2020-01-15T10:00:00+00:00", "archived": "1"}
		]}`,
	}

	h := s.history(t)

	require.Equal(t, []string{
		"1 0A1 primary reissue superseded",
		"6 0A6 duplicate",
		"2 0A2 reissue superseded",
		"3 0A3 reissue superseded",
		"4 0A4 reissue current",
		"5 reissue",
		"7 0A7 duplicate",
	}, allInShort(h))
	require.Equal(t, 1, h.RepeatedPrimary)
	require.Equal(t, digicert.OrderID(100), h.Order.ID)

	c := newService(s.respond).client(t)
	reissues, err := c.Reissues.List(t.Context(), 100, nil)
	require.NoError(t, err)
	duplicates, err := c.Orders.Duplicates(t.Context(), 100, nil)
	require.NoError(t, err)
	order, err := c.Orders.Get(t.Context(), 100)
	require.NoError(t, err)
	at := func(month time.Month, day, hour int) time.Time { return utc(2020, month, day, hour, 0, 0) }
	till := digicert.Date{Year: 2022, Month: time.January, Day: 1}
	const issued, name = digicert.CertificateStatusIssued, "a.example"
	none := []string{}
	require.Equal(t, &digicert.OrderHistory{
		Order: order,
		Entries: []digicert.HistoryEntry{
			{
				CertificateID: 1, SerialNumber: "0A1", Thumbprint: "F1", CommonName: name, DNSNames: []string{name}, Status: issued,
				DateCreated: at(1, 1, 10), DateIssued: at(1, 1, 11), ValidTill: till, Primary: true, Reissue: &reissues[1], Superseded: true,
			},
			{
				CertificateID: 6, SerialNumber: "0A6", CommonName: name, DNSNames: none, Status: issued,
				DateCreated: at(1, 15, 10), Duplicate: &duplicates[1],
			},
			{
				CertificateID: 2, SerialNumber: "0A2", CommonName: name, DNSNames: none, Status: issued,
				DateCreated: at(2, 1, 10), Reissue: &reissues[2], Superseded: true,
			},
			{
				CertificateID: 3, SerialNumber: "0A3", CommonName: name, DNSNames: none, Status: issued,
				DateCreated: at(3, 1, 10), Reissue: &reissues[4], Superseded: true,
			},
			{
				CertificateID: 4, SerialNumber: "0A4", CommonName: name, DNSNames: []string{name, "d.example"}, Status: issued,
				DateCreated: at(4, 1, 10), DateIssued: at(4, 2, 10), ValidTill: till, Reissue: &reissues[0], Current: true,
			},
			{
				CertificateID: 5, CommonName: name, DNSNames: none, Status: digicert.CertificateStatusRejected,
				DateCreated: at(5, 1, 10), Reissue: &reissues[3],
			},
			{
				CertificateID: 7, SerialNumber: "0A7", CommonName: name, DNSNames: none, Status: digicert.CertificateStatusApproved,
				DateCreated: at(7, 1, 10), Duplicate: &duplicates[0],
			},
		},
		RepeatedPrimary: 1,
	}, h)
}

func TestHistoryTable(t *testing.T) {
	t.Parallel()
	primary := row{1, "A1", "", "2020-01-01", "2020-01-01", "a"}
	reissue := func(id int, created string) row { return row{id, fmt.Sprintf("A%d", id), "issued", created, "", "a"} }

	for name, tc := range map[string]struct {
		primary              row
		reissues, duplicates []row
		want                 []string
		repeated             int
	}{
		"nothing":              {row{}, nil, nil, []string{}, 0},
		"the primary alone":    {primary, nil, nil, []string{"1 A1 primary current"}, 0},
		"primary is the first": {primary, []row{reissue(2, "2020-02-01")}, nil, []string{"1 A1 primary superseded", "2 A2 reissue current"}, 0},
		"primary is the newest": {
			row{3, "A3", "", "2020-03-01", "2020-03-01", "a"},
			[]row{reissue(2, "2020-02-01"), reissue(1, "2020-01-01")},
			nil,
			[]string{"1 A1 reissue superseded", "2 A2 reissue superseded", "3 A3 primary current"},
			0,
		},
		"primary among the reissues": {
			primary,
			[]row{reissue(2, "2020-02-01"), reissue(1, "2020-01-01")},
			nil,
			[]string{"1 A1 primary reissue superseded", "2 A2 reissue current"},
			0,
		},
		"under another id": {
			primary,
			[]row{{ID: 9, Serial: "A1", Status: "issued", Created: "2020-01-01"}, reissue(2, "2020-02-01")},
			nil,
			[]string{"1 A1 primary reissue superseded", "2 A2 reissue current"},
			0,
		},
		"with another spelling": {
			primary,
			[]row{{ID: 9, Serial: "00:a1", Status: "issued"}, {ID: 8, Serial: "000A1", Status: "issued"}},
			nil,
			[]string{"1 A1 primary reissue current"},
			1,
		},
		"under the same id, without a serial number": {
			primary, []row{{ID: 1, Status: "issued"}}, nil, []string{"1 A1 primary reissue current"}, 0,
		},
		"under the same id, with another serial number": {
			primary, []row{{ID: 1, Serial: "B1", Status: "issued"}}, nil, []string{"1 A1 primary reissue current"}, 0,
		},
		"nothing but copies of the primary": {
			primary,
			[]row{reissue(1, "2020-01-01"), reissue(1, "2020-01-01"), {ID: 7, Serial: "0A1"}, reissue(1, "2020-01-01")},
			nil,
			[]string{"1 A1 primary reissue current"},
			3,
		},
		"copies of a reissue are none of the primary": {
			primary,
			[]row{reissue(2, "2020-02-01"), reissue(2, "2020-02-01"), {ID: 3, Serial: "a2"}},
			nil,
			[]string{"1 A1 primary superseded", "2 A2 reissue current"},
			0,
		},
		"one certificate by way of others": { // the last row has the id of one and the serial number of the other
			primary,
			[]row{{ID: 2, Serial: "B2", Status: "issued", Created: "2020-02-01"}, {ID: 3, Serial: "B3"}, {ID: 2, Serial: "B3"}},
			nil,
			[]string{"1 A1 primary superseded", "2 B2 reissue current"},
			0,
		},
		"the primary by way of others": {
			primary, []row{{ID: 2, Serial: "B2"}, {ID: 1, Serial: "B2"}, {ID: 2}}, nil, []string{"1 A1 primary reissue current"}, 2,
		},
		"serial numbers that are none": {
			row{1, "<serial>", "", "2020-01-01", "", "a"},
			[]row{{ID: 2, Serial: "<serial>"}, {ID: 3, Serial: "<SERIAL>", Created: "2020-02-01"}},
			nil,
			[]string{"1 <serial> primary reissue superseded", "3 <SERIAL> reissue current"},
			0,
		},
		"pending": {
			row{ID: 1, Created: "2020-01-01", Name: "a"}, nil, nil, []string{"1 primary"}, 0,
		},
		"pending, of which only the name is known": {row{Name: "a"}, nil, nil, []string{"0 primary"}, 0},
		"pending by its status":                    {row{1, "A1", "pending", "2020-01-01", "", "a"}, nil, nil, []string{"1 A1 primary"}, 0},
		"a reissue is pending": {
			primary, []row{{ID: 2, Status: "pending", Created: "2020-02-01"}}, nil, []string{"1 A1 primary current", "2 reissue"}, 0,
		},
		"a reissue was rejected": {
			primary,
			[]row{{ID: 2, Status: "rejected", Created: "2020-02-01"}, reissue(3, "2020-03-01"), {ID: 4, Status: "rejected", Created: "2020-04-01"}},
			nil,
			[]string{"1 A1 primary superseded", "2 reissue", "3 A3 reissue current", "4 reissue"},
			0,
		},
		"a reissue without a status": {
			primary,
			[]row{{ID: 2, Created: "2020-02-01"}, {ID: 3, Created: "2020-01-02", Issued: "2020-01-03"}},
			nil,
			[]string{"1 A1 primary superseded", "3 reissue current", "2 reissue"},
			0,
		},
		"a reissue that is approved": {
			primary,
			[]row{{ID: 2, Status: "approved", Created: "2020-02-01"}, {ID: 3, Serial: "A3", Status: "approved", Created: "2020-01-02"}},
			nil,
			[]string{"1 A1 primary superseded", "3 A3 reissue current", "2 reissue"},
			0,
		},
		"a reissue that is issued, of which no more is known": {
			primary, []row{{ID: 2, Status: "issued", Created: "2020-02-01"}}, nil, []string{"1 A1 primary superseded", "2 reissue current"}, 0,
		},
		"the date of issue decides": { // and that of creation where it is missing
			primary,
			[]row{
				{ID: 2, Serial: "A2", Status: "issued", Created: "2020-02-01", Issued: "2020-05-01"},
				{ID: 3, Serial: "A3", Status: "issued", Created: "2020-03-01"},
				{ID: 4, Serial: "A4", Status: "issued", Created: "2020-04-01", Issued: "2020-04-02"},
			},
			nil,
			[]string{"1 A1 primary superseded", "2 A2 reissue current", "3 A3 reissue superseded", "4 A4 reissue superseded"},
			0,
		},
		"of the same date, the primary": {
			primary,
			[]row{reissue(2, "2020-01-01"), reissue(3, "2020-01-01")},
			nil,
			[]string{"1 A1 primary current", "2 A2 reissue superseded", "3 A3 reissue superseded"},
			0,
		},
		"of the same date, the primary although its id is larger": {
			row{9, "A9", "", "2020-01-01", "2020-01-01", "a"},
			[]row{reissue(2, "2020-01-01"), reissue(3, "2020-01-01")},
			nil,
			[]string{"2 A2 reissue superseded", "3 A3 reissue superseded", "9 A9 primary current"},
			0,
		},
		"of the same date, the last": {
			row{},
			[]row{reissue(3, "2020-01-01"), reissue(2, "2020-01-01")},
			nil,
			[]string{"2 A2 reissue superseded", "3 A3 reissue current"},
			0,
		},
		"without any date": {
			row{1, "A1", "", "", "", "a"},
			[]row{{ID: 3, Serial: "A3", Status: "issued"}, {ID: 2, Serial: "A2", Status: "issued"}},
			nil,
			[]string{"1 A1 primary current", "2 A2 reissue superseded", "3 A3 reissue superseded"},
			0,
		},
		"duplicates": { // they are valid beside it, and newer
			primary, nil, []row{
				{ID: 2, Serial: "A2", Status: "issued", Created: "2020-02-01"},
				{ID: 3, Serial: "A3", Status: "approved", Created: "2019-02-01"},
				{ID: 4, Status: "rejected"},
			}, []string{"3 A3 duplicate", "1 A1 primary current", "2 A2 duplicate", "4 duplicate"}, 0,
		},
		"duplicates alone": {row{}, nil, []row{{ID: 2, Serial: "A2", Status: "issued"}}, []string{"2 A2 duplicate"}, 0},
		"a duplicate that is the primary": {
			primary,
			[]row{reissue(2, "2020-02-01")},
			[]row{{ID: 7, Serial: "0A1", Status: "issued"}, {ID: 7}},
			[]string{"1 A1 primary duplicate superseded", "2 A2 reissue current"},
			0,
		},
		"a duplicate that is a reissue": {
			primary,
			[]row{reissue(2, "2020-02-01")},
			[]row{{ID: 2, Status: "issued"}},
			[]string{"1 A1 primary superseded", "2 A2 reissue duplicate current"},
			0,
		},
		"all three": {
			primary, []row{reissue(1, "2020-01-01")}, []row{{ID: 1}}, []string{"1 A1 primary reissue duplicate current"}, 0,
		},
		"rows without id and serial number": { // each is an entry of its own
			primary,
			[]row{{Created: "2020-03-01"}, {}, {}},
			[]row{{}, {Created: "2020-02-01"}},
			[]string{"1 A1 primary current", "0 duplicate", "0 reissue", "0 reissue", "0 reissue", "0 duplicate"},
			0,
		},
		"no primary": {
			row{},
			[]row{reissue(2, "2020-02-01"), reissue(2, "2020-02-01"), reissue(3, "2020-03-01")},
			nil,
			[]string{"2 A2 reissue superseded", "3 A3 reissue current"},
			0,
		},
		"the order of the entries": {
			row{5, "A5", "", "2020-05-01", "2020-05-01", "a"},
			[]row{
				{ID: 9},
				{ID: 8},
				{Serial: "B2", Created: "2020-06-01", Status: "rejected"},
				{Serial: "B1", Created: "2020-06-01", Status: "rejected"},
				{ID: 4, Created: "2020-06-01", Status: "rejected"},
				{ID: 3, Created: "2020-06-01", Status: "rejected"},
				{ID: 7, Issued: "2020-05-02", Status: "rejected"},
				{ID: 6, Created: "2020-05-03", Issued: "2020-09-01", Status: "rejected"},
			},
			nil,
			[]string{"5 A5 primary current", "7 reissue", "6 reissue", "0 B1 reissue", "0 B2 reissue", "3 reissue", "4 reissue", "8 reissue", "9 reissue"},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := sourcesOf(t, tc.primary, tc.reissues, tc.duplicates).history(t)

			require.Equal(t, tc.want, allInShort(h))
			require.Equal(t, tc.repeated, h.RepeatedPrimary)
			requireReadsBack(t, h)
		})
	}
}

// A certificate that was revoked or has expired was issued: the one before it is not current again.
func TestHistoryAfterIssue(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"revoked", "expired", "canceled", "brand_new"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			h := sourcesOf(t, row{3, "A3", status, "2020-03-01", "2020-03-01", "a"}, []row{
				{ID: 1, Serial: "A1", Status: "issued", Created: "2020-01-01"}, {ID: 2, Serial: "A2", Status: status, Created: "2020-02-01"},
			}, nil).history(t)
			require.Equal(t, []string{"1 A1 reissue superseded", "2 A2 reissue superseded", "3 A3 primary current"}, allInShort(h))

			h = sourcesOf(t, row{1, "A1", "", "2020-01-01", "2020-01-01", "a"}, []row{{ID: 2, Status: status, Created: "2020-02-01"}}, nil).history(t)
			require.Equal(t, []string{"1 A1 primary current", "2 reissue"}, allInShort(h), "of this nothing was issued")
		})
	}
}

// Where the sources differ, the order's word counts before that of a reissue, and that before a duplicate's; what one does
// not say, another may.
func TestHistoryWhoseWordCounts(t *testing.T) {
	t.Parallel()
	h := sources{
		order: `{"id": 100, "certificate": {"id": 1, "common_name": "order.example"}}`,
		reissues: `{"certificates": [
			{"id": 1, "common_name": "reissue.example", "serial_number": "0A", "date_created": "2020-01-02"},
			{"id": 1, "serial_number": "0B", "status": "issued", "valid_till": "2021-01-02"}
		]}`,
		duplicates: `{"certificates": [
			{"id": 1, "common_name": "duplicate.example", "serial_number": "0C", "status": "rejected", "thumbprint": "FC", "dns_names": ["duplicate.example"],
			 "date_created": "2020-01-03", "date_issued": "2020-01-04", "valid_till": "2021-01-04"},
			{"serial_number": "0B", "thumbprint": "FD"}
		]}`,
	}.history(t)

	require.Len(t, h.Entries, 1)
	e := h.Entries[0]
	require.Equal(t, "reissue.example", e.Reissue.CommonName, "the first row")
	require.Equal(t, "duplicate.example", e.Duplicate.CommonName, "the first row")
	e.Reissue, e.Duplicate = nil, nil
	require.Equal(t, digicert.HistoryEntry{
		CertificateID: 1, SerialNumber: "0A", Thumbprint: "FC", CommonName: "order.example", DNSNames: []string{"duplicate.example"},
		Status: digicert.CertificateStatusIssued, DateCreated: utc(2020, time.January, 2, 0, 0, 0), DateIssued: utc(2020, time.January, 4, 0, 0, 0),
		ValidTill: digicert.Date{Year: 2021, Month: time.January, Day: 2}, Primary: true, Current: true,
	}, e)
	require.Equal(t, 1, h.RepeatedPrimary)
}

// The calls are as few as the counters allow.
func TestHistoryRequests(t *testing.T) {
	t.Parallel()
	const (
		get        = "/order/certificate/100"
		list       = "/order/certificate?filters[id]=100"
		reissues   = "/order/certificate/100/reissue?show_archived=true"
		duplicates = "/order/certificate/100/duplicate?show_archived=true"
		none       = `"has_reissues": false, "reissues_count": 0, "has_duplicates": false, "duplicates_count": 0`
		some       = `"has_reissues": true, "reissues_count": 1, "has_duplicates": true, "duplicates_count": 2`
	)
	for name, tc := range map[string]struct {
		order string // beside its id
		rows  string // of the list
		want  []string
	}{
		"neither":                   {``, `{"id": 100, ` + none + `}`, []string{get, list}},
		"neither, by flags":         {``, `{"id": 100, "has_reissues": false, "has_duplicates": "0"}`, []string{get, list}},
		"neither, by counts":        {``, `{"id": 100, "reissues_count": 0, "duplicates_count": "0"}`, []string{get, list}},
		"both":                      {``, `{"id": 100, ` + some + `}`, []string{get, list, reissues, duplicates}},
		"both, by flags":            {``, `{"id": 100, "has_reissues": true, "has_duplicates": true}`, []string{get, list, reissues, duplicates}},
		"both, by counts":           {``, `{"id": 100, "reissues_count": 1, "duplicates_count": 1}`, []string{get, list, reissues, duplicates}},
		"reissues":                  {``, `{"id": 100, "has_reissues": true, "has_duplicates": false}`, []string{get, list, reissues}},
		"duplicates":                {``, `{"id": 100, "reissues_count": 0, "duplicates_count": 3}`, []string{get, list, duplicates}},
		"the row is missing":        {``, ``, []string{get, list, reissues, duplicates}},
		"the row is not the first":  {``, `{"id": 101}, {"id": 100, ` + none + `}`, []string{get, list}},
		"the row is one of several": {``, `{"id": 99, ` + some + `}, {"id": 100, ` + none + `}, {"id": 101, ` + some + `}`, []string{get, list}},
		"the row says nothing":      {``, `{"id": 100}`, []string{get, list, reissues, duplicates}},
		"the row says half":         {``, `{"id": 100, "has_reissues": false}`, []string{get, list, duplicates}},
		"the row is null":           {``, `{"id": 100, "has_reissues": null, "reissues_count": null}`, []string{get, list, reissues, duplicates}},
		"flags deny, counts count":  {``, `{"id": 100, "has_reissues": false, "reissues_count": 2, "has_duplicates": false, "duplicates_count": 1}`, []string{get, list, reissues, duplicates}},
		"flags affirm, counts none": {``, `{"id": 100, "has_reissues": true, "reissues_count": 0, "has_duplicates": true, "duplicates_count": 0}`, []string{get, list, reissues, duplicates}},
		"a reissue is pending":      {`, "status": "reissue_pending"`, `{"id": 100, ` + none + `}`, []string{get, list, reissues}},
		"a reissue is processing":   {`, "status": "reissue_processing"`, `{"id": 100, ` + none + `}`, []string{get, list, reissues}},
		"the order is pending":      {`, "status": "pending"`, `{"id": 100, ` + none + `}`, []string{get, list}},
		"counters in the order":     {`, ` + some, ``, []string{get, reissues, duplicates}},
		"none, by the order":        {`, ` + none, ``, []string{get}},
		"none, by the order's half": {`, "has_reissues": false, "duplicates_count": 0`, ``, []string{get}},
		"pending, by the order":     {`, "status": "reissue_pending", ` + none, ``, []string{get, reissues}},
		"half of them in the order": {`, "has_reissues": false`, `{"id": 100, "has_duplicates": false}`, []string{get, list}},
		"half, and no row":          {`, "has_reissues": false`, ``, []string{get, list, duplicates}},
		"the row contradicts":       {`, "has_reissues": false`, `{"id": 100, "reissues_count": 2, "has_duplicates": false}`, []string{get, list, reissues}},
		"the order's own counts":    {`, "has_reissues": true`, `{"id": 100, "has_reissues": false, "has_duplicates": false}`, []string{get, list, reissues}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(sources{order: `{"id": 100` + tc.order + `}`, list: `{"orders": [` + tc.rows + `]}`}.respond)

			h, err := s.client(t).Orders.History(t.Context(), 100)

			require.NoError(t, err)
			require.Equal(t, []digicert.HistoryEntry{}, h.Entries)
			var got []string
			for _, req := range s.sent() {
				request := strings.TrimPrefix(req.URL.Path, "/services/v2")
				if query := queryOf(t, req); query != nil {
					request += "?" + strings.Join(query, "&")
				}
				got = append(got, request)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// The error of any call is that of History, and the last call.
func TestHistoryErrors(t *testing.T) {
	t.Parallel()
	for i, path := range []string{
		"/order/certificate/100", "/order/certificate", "/order/certificate/100/reissue", "/order/certificate/100/duplicate",
	} {
		s := newService(sources{failing: path}.respond)

		h, err := s.client(t).Orders.History(t.Context(), 100)

		require.Nil(t, h)
		require.ErrorIs(t, err, digicert.CodeMissingPermission)
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, path, answer.Path)
		require.Len(t, s.sent(), i+1)
		requireOneLine(t, err)
		requireNoKey(t, err)
	}
	c, _ := serve(t, http.StatusNotFound, `{"errors":[{"code":"not_found|order"}]}`)
	_, err := c.Orders.History(t.Context(), 100)
	require.ErrorIs(t, err, digicert.ErrNotFound)
}

// Neither an order nor a row of the list that is about another order becomes part of a history.
func TestHistoryIdentity(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sources             sources
		path, pointer, want string
	}{
		"order":         {sources{order: `{"id": 101}`}, "/order/certificate/100", "/id", "order 101 instead of 100"},
		"no order":      {sources{order: `{}`}, "/order/certificate/100", "/id", "no order id instead of 100"},
		"row":           {sources{list: `{"orders": [{"id": 101}]}`}, "/order/certificate", "/orders/0/id", "order 101 instead of 100"},
		"rows":          {sources{list: `{"orders": [{"id": 99}, {"id": 101}]}`}, "/order/certificate", "/orders/0/id", "order 99 instead of 100"},
		"row of no one": {sources{list: `{"orders": [{}]}`}, "/order/certificate", "/orders/0/id", "no order id instead of 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := newService(tc.sources.respond).client(t).Orders.History(t.Context(), 100)
			require.Nil(t, h)
			requireDecodeError(t, err, tc.path, tc.pointer)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestHistoryCurrent(t *testing.T) {
	t.Parallel()
	primary := row{1, "A1", "issued", "2020-01-01", "2020-01-01", "a"}
	reissue := row{2, "A2", "issued", "2020-02-01", "2020-02-01", "a"}
	for name, tc := range map[string]struct {
		h    *digicert.OrderHistory
		want digicert.CertificateID // 0: none
	}{
		"the primary":        {sourcesOf(t, primary, nil, []row{{ID: 3, Status: "issued", Created: "2020-03-01"}}).history(t), 1},
		"a reissue":          {sourcesOf(t, primary, []row{reissue}, nil).history(t), 2},
		"a pending reissue":  {sourcesOf(t, primary, []row{{ID: 2, Status: "pending", Created: "2020-02-01"}}, nil).history(t), 1},
		"nothing was issued": {sourcesOf(t, row{ID: 1, Status: "pending"}, nil, nil).history(t), 0},
		"no entries":         {&digicert.OrderHistory{}, 0},
		"nil":                {nil, 0},
	} {
		got := tc.h.Current()
		if tc.want == 0 {
			require.Nil(t, got, name)
			continue
		}
		require.NotNil(t, got, name)
		require.Equal(t, tc.want, got.CertificateID, name)
		require.True(t, got.Current, name)
		// It is the entry itself and not a copy.
		got.Thumbprint = "changed"
		require.Equal(t, "changed", tc.h.Entries[slices.IndexFunc(tc.h.Entries, func(e digicert.HistoryEntry) bool { return e.Current })].Thumbprint, name)
	}
}

// The certificate that is in force, which after a reissue is another than the one that the order began with.
func ExampleOrderHistory_Current() {
	ctx, client := context.Background(), connectOwn()
	history, err := client.Orders.History(ctx, 7)
	if err != nil {
		log.Fatal(err)
	}
	current := history.Current()
	if current == nil {
		return // nothing was issued yet
	}
	download, err := client.Certificates.Download(ctx, current.CertificateID, digicert.FormatPEMAll)
	if err != nil {
		log.Fatal(err)
	}
	chain, err := download.Certificates(current.SerialNumber) // returns ErrWrongCertificate if it is another one
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(current.CertificateID, current.SerialNumber, chain[0].Subject.CommonName)
	// Output:
	// 101 0A02 example.com
}

// requireReadsBack asserts that a history is the same after it was encoded and decoded.
func requireReadsBack(t testing.TB, h *digicert.OrderHistory) {
	t.Helper()
	for name, marshal := range marshalers {
		encoded, err := marshal(h)
		require.NoError(t, err, name)

		var got digicert.OrderHistory
		require.NoError(t, json.Unmarshal(encoded, &got), name)
		require.Equal(t, withoutAbsent(*h), got, name)

		got = digicert.OrderHistory{}
		require.NoError(t, jsonv2.Unmarshal(encoded, &got), name)
		require.Equal(t, withoutAbsent(*h), got, name)
	}
}

func TestHistoryJSON(t *testing.T) {
	t.Parallel()
	h := sourcesOf(t, row{1, "A1", "", "2020-01-01", "2020-01-01", "a"}, []row{{ID: 1}, {ID: 1}}, []row{{ID: 2, Status: "approved"}}).history(t)
	const certificate = `"dns_names": [], "emails": [], "organization_units": []`
	for name, marshal := range marshalers {
		encoded, err := marshal(h)
		require.NoError(t, err)
		require.JSONEq(t, `{
			"order": {"id": 100, "requests": [], "additional_emails": [], "custom_fields": [], "notes": [], "certificate": {"id": 1, "serial_number": "A1", "common_name": "a",
				"date_created": "2020-01-01T00:00:00Z", "date_issued": "2020-01-01T00:00:00Z", `+certificate+`}},
			"entries": [
				{"certificate_id": 1, "serial_number": "A1", "common_name": "a", "dns_names": [], "date_created": "2020-01-01T00:00:00Z",
					"date_issued": "2020-01-01T00:00:00Z", "primary": true, "reissue": {"id": 1, "dns_names": []}, "current": true},
				{"certificate_id": 2, "dns_names": [], "status": "approved", "duplicate": {"id": 2, "dns_names": [], "status": "approved"}}
			],
			"repeated_primary": 1
		}`, string(encoded), name)

		encoded, err = marshal(digicert.OrderHistory{Entries: []digicert.HistoryEntry{}})
		require.NoError(t, err)
		require.JSONEq(t, `{"entries": []}`, string(encoded), name)
	}
}

// sameSerial reports whether two serial numbers are one, by way of big numbers.
func sameSerial(a, b string) bool {
	x, isX := serialNumber(a)
	y, isY := serialNumber(b)
	if isX && isY {
		return x.Cmp(y) == 0
	}
	return a == b && a != ""
}

func serialNumber(s string) (*big.Int, bool) {
	if strings.ContainsAny(s, "+-_") {
		return nil, false
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || unicode.IsSpace(r) })
	return new(big.Int).SetString(strings.Join(parts, ""), 16)
}

// Two certificates are one where their serial numbers are, and a download has the one that was asked for.
func FuzzSerials(f *testing.F) {
	for _, pair := range [][2]string{
		{"0A", "a"},
		{"0a:0b", "A0B"},
		{"", ""},
		{"0", "000"},
		{" ", " "},
		{"<serial>", "<serial>"},
		{"x", "X"},
		{"0x1", "1"},
		{"-1", "1"},
		{"a\u00a0b", "ab"},
		{"\u0661", "1"},
		{"A_1", "a1"},
		{":", ""},
		{strings.Repeat("0", 100) + "f", "F"},
	} {
		f.Add(pair[0], pair[1])
	}
	der := newCertificate(f, "a0b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // JSON has no such text
		}
		h := sourcesOf(t, row{1, a, "", "2020-01-01", "", "a"}, []row{{ID: 2, Serial: b}}, nil).history(t)
		require.Equal(t, sameSerial(a, b), len(h.Entries) == 1, "%q and %q", a, b)

		certs, err := (&digicert.Download{Format: digicert.FormatCER, Body: der}).Certificates(a, b)
		_, isA := serialNumber(a)
		_, isB := serialNumber(b)
		switch {
		case !isA || !isB:
			requireParamError(t, err, "serials")
		case sameSerial(a, "a0b") || sameSerial(b, "a0b"):
			require.NoError(t, err)
			require.Len(t, certs, 1)
		default:
			require.ErrorIs(t, err, digicert.ErrWrongCertificate)
			requireOneLine(t, err)
		}
	})
}

// What a history is, whatever the lists hold.
func FuzzHistory(f *testing.F) {
	for _, s := range []string{"", "\x00", "\x45\x01\x46\x02\x47\x03", "\x61\x00\x05\x01\x06\x81\x0a\x02\x0e\x03\x25\x00\x45\x00", "\x7f\xff\x3f\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// Two bytes are a row.
		var primary row
		var reissues, duplicates []row
		for ; len(b) >= 2 && len(reissues)+len(duplicates) < 40; b = b[2:] {
			r := row{
				ID:     int(b[0] & 7),
				Serial: []string{"", "A", "0a", "B", "0:B", "c", "<x>", ""}[b[0]>>3&7],
				Status: []string{"issued", "", "pending", "approved"}[b[1]&3],
			}
			if day := int(b[1] >> 3 & 7); day > 0 {
				r.Created = fmt.Sprintf("2020-01-0%d", day)
			}
			switch b[0] >> 6 {
			case 0, 1:
				reissues = append(reissues, r)
			case 2:
				duplicates = append(duplicates, r)
			default:
				primary = r
			}
		}
		h := sourcesOf(t, primary, reissues, duplicates).history(t)

		var rows []row
		if primary.ID != 0 || primary.Serial != "" {
			rows = append(rows, primary)
		}
		rows = slices.Concat(rows, reissues, duplicates)
		group := groups(rows)
		one := make(map[int]bool)
		ofID, ofSerial := make(map[int]int), make(map[string]int)
		for i, r := range rows {
			one[group[i]] = true
			ofID[r.ID], ofSerial[r.Serial] = group[i], group[i]
		}
		require.Len(t, h.Entries, len(one))

		told := make(map[int]digicert.HistoryEntry)
		current, issued := 0, 0
		for _, e := range h.Entries {
			require.False(t, e.Current && e.Superseded)
			if e.Current || e.Superseded {
				require.True(t, e.Primary || e.Reissue != nil)
				issued++
			}
			if e.Current {
				current++
			}
			if e.CertificateID == 0 && e.SerialNumber == "" {
				continue
			}
			g, known := ofID[int(e.CertificateID)]
			if e.CertificateID == 0 {
				g, known = ofSerial[e.SerialNumber]
			} else if e.SerialNumber != "" {
				require.Equal(t, g, ofSerial[e.SerialNumber])
			}
			require.True(t, known)
			require.NotContains(t, told, g, "each certificate once")
			told[g] = e
		}
		require.Equal(t, min(issued, 1), current)
		for i, r := range rows {
			if r.ID != 0 {
				require.NotZero(t, told[group[i]].CertificateID)
			}
			if r.Serial != "" {
				require.NotEmpty(t, told[group[i]].SerialNumber)
			}
		}
		requireReadsBack(t, h)

		// In which order the lists come does not change which rows are one certificate.
		slices.Reverse(reissues)
		slices.Reverse(duplicates)
		again := sourcesOf(t, primary, reissues, duplicates).history(t)
		require.Len(t, again.Entries, len(h.Entries))
		require.Equal(t, h.RepeatedPrimary, again.RepeatedPrimary)
	})
}

// groups numbers the rows such that those of one certificate have the same number.
func groups(rows []row) []int {
	group := make([]int, len(rows))
	for i := range group {
		group[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i, a := range rows {
			for j, b := range rows {
				if group[j] > group[i] && (a.ID == b.ID && a.ID != 0 || sameSerial(a.Serial, b.Serial)) {
					group[j], changed = group[i], true
				}
			}
		}
	}
	return group
}
