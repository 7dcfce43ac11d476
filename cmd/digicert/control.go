// The control API of the sandbox: what tests in any language do to it.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// controlPath is the path of the control API, which the service does not have.
const controlPath = "/_sandbox"

// control is the handler of the control API.
type control struct {
	server *digicerttest.Server
	offset atomic.Int64 // by how much the sandbox's clock is ahead, in nanoseconds
}

func newControl(server *digicerttest.Server) http.Handler {
	c := &control{server: server}
	server.SetClock(c.now)
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET " + controlPath + "/{$}":                c.list,
		"POST " + controlPath + "/orders":            c.addOrder,
		"PUT " + controlPath + "/orders/{id}/status": c.setStatus,
		"DELETE " + controlPath + "/orders/{id}":     c.removeOrder,
		"POST " + controlPath + "/faults":            c.inject,
		"DELETE " + controlPath + "/faults":          c.clearFaults,
		"GET " + controlPath + "/requests":           c.requests,
		"DELETE " + controlPath + "/requests":        c.resetRequests,
		"GET " + controlPath + "/clock":              c.clock,
		"PUT " + controlPath + "/clock":              c.setClock,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { answer(w, r, handle) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" { // no such path, or not with this method
			answer(w, r, func(r *http.Request) (any, error) {
				return nil, refuse(http.StatusNotFound, "there is no %s %s: GET %s/ lists what there is", r.Method, r.URL.Path, controlPath)
			})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (c *control) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// controlError is the error of a request that the control API refuses.
type controlError struct {
	status int
	text   string
}

func (e controlError) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return controlError{status, fmt.Sprintf(format, args...)}
}

// answer writes the result of a request, or its error, as JSON.
func answer(w http.ResponseWriter, r *http.Request, handle func(*http.Request) (any, error)) {
	result, err := handle(r)
	status := http.StatusOK
	var refused controlError
	switch {
	case errors.As(err, &refused):
		status, result = refused.status, map[string]string{"error": refused.text}
	case err != nil:
		status, result = http.StatusBadRequest, map[string]string{"error": strings.TrimPrefix(err.Error(), "digicerttest: ")}
	case result == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var body bytes.Buffer
	if err := marshal(&body, result); err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // to a client that may be gone
}

// decodeBody decodes the JSON of a request. A media type other than JSON is refused, because a web page can send others to a sandbox
// without being asked.
func decodeBody(r *http.Request, into any) error {
	const limit = 1 << 20
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "the Content-Type must be application/json")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return err
	case len(body) > limit:
		return refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", limit)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "the body is not what is expected: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body has more than one JSON value, or something after it")
	}
	return nil
}

func orderOf(r *http.Request) (digicert.OrderID, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, refuse(http.StatusBadRequest, "%q is not the id of an order", r.PathValue("id"))
	}
	return digicert.OrderID(id), nil
}

// existing is orderOf for an order that must be there.
func (c *control) existing(r *http.Request) (digicert.OrderID, error) {
	id, err := orderOf(r)
	if err == nil {
		if _, ok := c.server.Order(id); !ok {
			err = refuse(http.StatusNotFound, "there is no order %d", id)
		}
	}
	return id, err
}

func (c *control) list(*http.Request) (any, error) {
	return map[string]string{
		"POST /orders":            "adds an order: the members that GET /account/subaccount/order has, of which only id is needed; without subaccount it is one of the account",
		"PUT /orders/{id}/status": `{"status":"revoked"} sets the status of an order, now`,
		"DELETE /orders/{id}":     "removes an order",
		"POST /faults":            `{"faults":["lose-answer,endpoint=place-order,times=1"]} adds faults, in the form of --fault`,
		"DELETE /faults":          "removes all faults",
		"GET /requests":           "lists the requests received, without keys and bodies",
		"DELETE /requests":        "forgets them",
		"GET /clock":              "returns the sandbox's time",
		"PUT /clock":              `{"advance":"36h"} or {"time":"2027-01-31T00:00:00Z"} moves the clock, which goes on from there`,
	}, nil
}

func (c *control) addOrder(r *http.Request) (any, error) {
	var order digicert.SubaccountOrder
	if err := decodeBody(r, &order); err != nil {
		return nil, err
	}
	if order.Organization != (digicert.Organization{}) || order.IsMultiYearPlan || !order.OrderValidFrom.IsZero() || !order.OrderValidTill.IsZero() ||
		order.Certificate.CACert != (digicert.CACert{}) {
		return nil, refuse(http.StatusBadRequest, "organization, is_multi_year_plan, order_valid_from, order_valid_till and certificate.ca_cert cannot be set: they follow from the others")
	}
	if err := c.server.AddOrder(order); err != nil {
		return nil, err
	}
	added, _ := c.server.Order(order.ID)
	return added, nil
}

func (c *control) setStatus(r *http.Request) (any, error) {
	id, err := c.existing(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		Status digicert.OrderStatus `json:"status"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	if body.Status == "" {
		return nil, refuse(http.StatusBadRequest, "status must not be empty")
	}
	return nil, c.server.SetStatus(id, body.Status)
}

func (c *control) removeOrder(r *http.Request) (any, error) {
	id, err := c.existing(r)
	if err != nil {
		return nil, err
	}
	return nil, c.server.RemoveOrder(id)
}

func (c *control) inject(r *http.Request) (any, error) {
	var body struct {
		Faults []string `json:"faults"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	if len(body.Faults) == 0 {
		return nil, refuse(http.StatusBadRequest, "faults must not be empty")
	}
	var faults []digicerttest.Fault
	for _, spec := range body.Faults {
		fault, err := digicerttest.ParseFault(spec)
		if err != nil {
			return nil, err
		}
		faults = append(faults, fault)
	}
	return nil, c.server.Inject(faults...)
}

func (c *control) clearFaults(*http.Request) (any, error) {
	c.server.ClearFaults()
	return nil, nil
}

func (c *control) requests(*http.Request) (any, error) {
	type request struct {
		Time     time.Time             `json:"time"`
		Method   string                `json:"method"`
		Path     string                `json:"path"`
		Query    string                `json:"query"`
		Endpoint digicerttest.Endpoint `json:"endpoint"`
		Status   int                   `json:"status"` // 0: the connection was broken, or there is no answer yet
		KeyKnown bool                  `json:"key_known"`
	}
	list := []request{}
	for _, r := range c.server.Requests() {
		list = append(list, request{r.Time, r.Method, c.withoutKey(r.Path), c.withoutKey(r.RawQuery), r.Endpoint, r.Status, r.KeyKnown})
	}
	return map[string]any{"requests": list}, nil
}

// withoutKey returns a path or a query without the sandbox's key, which a client may put there by mistake.
func (c *control) withoutKey(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		plain = text
	}
	if strings.Contains(text, c.server.Key()) || strings.Contains(plain, c.server.Key()) {
		return "[redacted]"
	}
	return text
}

func (c *control) resetRequests(*http.Request) (any, error) {
	c.server.ResetRequests()
	return nil, nil
}

func (c *control) clock(*http.Request) (any, error) {
	return map[string]time.Time{"time": c.now().UTC()}, nil
}

// The years to which the clock can be set: an offset holds 292 years.
const firstYear, lastYear = 1900, 2200

func (c *control) setClock(r *http.Request) (any, error) {
	var body struct {
		Time    time.Time `json:"time"`
		Advance string    `json:"advance"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	switch by, ok := parseSpan(body.Advance); {
	case body.Time.IsZero() == (body.Advance == ""):
		return nil, refuse(http.StatusBadRequest, "exactly one of time and advance is needed")
	case body.Advance != "" && !ok:
		return nil, refuse(http.StatusBadRequest, "advance %q is not a length of time, must be like 90s, 36h or 30d", body.Advance)
	default:
		to := body.Time
		if to.IsZero() {
			to = c.now().Add(by.duration())
		}
		if to.Year() < firstYear || to.Year() > lastYear {
			return nil, refuse(http.StatusBadRequest, "the clock can be set to the years %d to %d", firstYear, lastYear)
		}
		c.offset.Store(int64(time.Until(to)))
	}
	return c.clock(r)
}

// isControl reports whether a request is for the control API.
func isControl(r *http.Request) bool {
	return slices.Contains([]string{controlPath, controlPath + "/"}, r.URL.Path) || strings.HasPrefix(r.URL.Path, controlPath+"/")
}
