// The control API of the sandbox, for tests in any language.

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"reflect"
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

// control is the handler of a sandbox: of the service, and of the control API.
type control struct {
	start   func() (*digicerttest.Server, error)
	current atomic.Pointer[digicerttest.Server]
	clock   sandboxClock
	api     http.Handler
}

// newControl returns the handler of a sandbox. It calls start for the server, and again for every reset.
func newControl(start func() (*digicerttest.Server, error)) (*control, error) {
	c := &control{start: start}
	c.api = c.newAPI()
	return c, c.restart()
}

// restart puts a new sandbox in the place of the current one.
func (c *control) restart() error {
	server, err := c.start()
	if err != nil {
		return err
	}
	c.clock.reset()
	server.SetClock(c.clock.now)
	c.current.Store(server)
	return nil
}

func (c *control) server() *digicerttest.Server { return c.current.Load() }

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isControl(r) {
		c.api.ServeHTTP(w, r)
		return
	}
	c.server().ServeHTTP(w, r)
}

func (c *control) newAPI() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET " + controlPath + "/{$}":                c.list,
		"POST " + controlPath + "/reset":             c.reset,
		"POST " + controlPath + "/orders":            c.addOrder,
		"PUT " + controlPath + "/orders/{id}/status": c.setStatus,
		"DELETE " + controlPath + "/orders/{id}":     c.removeOrder,
		"GET " + controlPath + "/faults":             c.faults,
		"POST " + controlPath + "/faults":            c.inject,
		"DELETE " + controlPath + "/faults":          c.clearFaults,
		"GET " + controlPath + "/requests":           c.requests,
		"DELETE " + controlPath + "/requests":        c.resetRequests,
		"GET " + controlPath + "/counts":             c.counts,
		"GET " + controlPath + "/clock":              c.clockNow,
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
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "the body did not arrive within %s", requestTimeout)
	case err != nil:
		return err
	case len(body) > limit:
		return refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", limit)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "%s", bodyProblem(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body has more than one JSON value, or something after it")
	}
	return nil
}

// bodyProblem returns what is wrong with a body, by the error of its decoder, in words that have nothing of Go.
func bodyProblem(err error) string {
	var member *json.UnmarshalTypeError
	var moment *time.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return "the body is empty"
	case errors.As(err, &member) && member.Field == "":
		return "the body must be an object, not " + member.Value
	case errors.As(err, &member):
		return member.Field + " must be " + kindOf(member.Type) + ", not " + member.Value
	case errors.As(err, &moment):
		return strconv.Quote(moment.Value) + " is not a time, must be like 2027-01-31T00:00:00Z"
	}
	return "the body is not what is expected: " + strings.TrimPrefix(strings.TrimPrefix(err.Error(), "json: "), "digicert: ")
}

// kindOf returns what JSON has for a type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
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
		if _, ok := c.server().Order(id); !ok {
			err = refuse(http.StatusNotFound, "there is no order %d", id)
		}
	}
	return id, err
}

func (c *control) list(*http.Request) (any, error) {
	return map[string]string{
		"POST /reset":             "{} makes the sandbox what it was at its start: orders, faults, clock and all else",
		"POST /orders":            "adds an order: the members that GET /account/subaccount/order has, of which only id is needed; without subaccount it is one of the account",
		"PUT /orders/{id}/status": `{"status":"revoked"} sets the status of an order, now`,
		"DELETE /orders/{id}":     "removes an order",
		"GET /faults":             "lists the faults that can still act, with what is left of them, and how often each has acted",
		"POST /faults":            `{"faults":["lose-answer,endpoint=place-order,times=1"]} adds faults, in the form of --fault`,
		"DELETE /faults":          "removes all faults",
		"GET /requests":           "lists the requests received, without keys and bodies",
		"DELETE /requests":        "forgets them, and sets the counts to 0",
		"GET /counts":             "counts the requests received, those refused for their rate, those that a fault affected, and for each endpoint that writes those received and those that have taken effect",
		"GET /clock":              "returns the sandbox's time, and whether its clock is stopped",
		"PUT /clock":              `{"advance":"36h"} or {"time":"2027-01-31T00:00:00Z"} moves the clock; {"stopped":true} stops it, and false lets it go`,
	}, nil
}

func (c *control) reset(r *http.Request) (any, error) {
	var nothing struct{}
	if err := decodeBody(r, &nothing); err != nil {
		return nil, err
	}
	return nil, c.restart()
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
	if err := c.server().AddOrder(order); err != nil {
		return nil, cmp.Or(errors.Unwrap(err), err) // without the name of the method
	}
	added, _ := c.server().Order(order.ID)
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
	return nil, c.server().SetStatus(id, body.Status)
}

func (c *control) removeOrder(r *http.Request) (any, error) {
	id, err := c.existing(r)
	if err != nil {
		return nil, err
	}
	return nil, c.server().RemoveOrder(id)
}

func (c *control) faults(*http.Request) (any, error) {
	type fault struct {
		Fault string `json:"fault"`
		Acted int    `json:"acted"`
	}
	list := []fault{}
	for _, f := range c.server().Faults() {
		list = append(list, fault{f.Fault.String(), f.Acted})
	}
	return map[string]any{"faults": list}, nil
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
	return nil, c.server().Inject(faults...)
}

func (c *control) clearFaults(*http.Request) (any, error) {
	c.server().ClearFaults()
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
	for _, r := range c.server().Requests() {
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
	if strings.Contains(text, c.server().Key()) || strings.Contains(plain, c.server().Key()) {
		return "[redacted]"
	}
	return text
}

func (c *control) resetRequests(*http.Request) (any, error) {
	c.server().ResetRequests()
	return nil, nil
}

func (c *control) counts(*http.Request) (any, error) {
	type writes struct {
		Received int `json:"received"`
		Acted    int `json:"acted"` // also if the answer was lost
	}
	server := c.server()
	stats := server.Stats()
	byEndpoint := make(map[digicerttest.Endpoint]writes)
	for endpoint, n := range server.Counts() {
		byEndpoint[endpoint] = writes(n)
	}
	return struct {
		Requests int                              `json:"requests"`
		Refused  int                              `json:"refused"`
		Faulted  int                              `json:"faulted"`
		Writes   map[digicerttest.Endpoint]writes `json:"writes"`
	}{stats.Requests, stats.Refused, stats.Faulted, byEndpoint}, nil
}

// isControl reports whether a request is for the control API.
func isControl(r *http.Request) bool {
	return slices.Contains([]string{controlPath, controlPath + "/"}, r.URL.Path) || strings.HasPrefix(r.URL.Path, controlPath+"/")
}
