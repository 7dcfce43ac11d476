// The log and the counters of received requests.

package digicerttest

import (
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxLogged is the maximum number of logged requests.
const maxLogged = 10_000

// Request is a request that the server received. It does not contain the API key.
type Request struct {
	Time     time.Time   // when it arrived, by the server's clock
	Method   string      // such as "GET"
	Host     string      // from the request, such as "127.0.0.1:8080"
	Path     string      // escaped, relative to the base URL, such as "/account/subaccount/order"
	RawQuery string      // as sent
	Header   http.Header // without X-DC-DEVKEY
	KeyKnown bool        // whether X-DC-DEVKEY was a key of the server
	Endpoint Endpoint    // "" for an unknown route
	Status   int         // the status of the response; 0 before the response, and if the connection is reset instead
}

// Query returns the parsed query. Invalid parts are omitted.
func (r Request) Query() url.Values {
	v, _ := url.ParseQuery(r.RawQuery)
	return v
}

// Stats counts the requests since the server started, or since ResetRequests.
type Stats struct {
	Requests int // all received requests
	Refused  int // requests refused with 429 by a rate limit
	Faulted  int // requests affected by an injected fault
}

// Requests returns the received requests, oldest first. The server keeps the last 10,000.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	list := make([]Request, 0, len(s.log.ring))
	for i := range s.log.ring {
		r := *s.log.ring[(s.log.next+i)%len(s.log.ring)]
		r.Header = r.Header.Clone()
		list = append(list, r)
	}
	return list
}

// ResetRequests removes the received requests and resets Stats and Count.
func (s *Server) ResetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.ring, s.log.next, s.log.stats, s.log.count = nil, 0, Stats{}, nil
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.stats
}

type requestLog struct {
	mu    sync.Mutex
	ring  []*Request
	next  int // index of the oldest once the ring is full
	stats Stats
	count map[Endpoint]Counts
}

// Counts counts the requests to one endpoint since the server started, or since ResetRequests.
type Counts struct {
	Received int // all requests, including those that a fault stopped or the service refused
	Acted    int // requests that took effect, even if the response was lost or the change is held back
}

// Count returns the counts of an endpoint. Only endpoints for writes have counts. A test can use them
// to check that a write was not sent twice and did not take effect twice.
func (s *Server) Count(endpoint Endpoint) Counts {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.count[endpoint]
}

// Counts returns the counts of all endpoints for writes that have received a request.
func (s *Server) Counts() map[Endpoint]Counts {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	counts := make(map[Endpoint]Counts, len(s.log.count))
	for endpoint, c := range s.log.count {
		if endpoint != "" { // an unknown route
			counts[endpoint] = c
		}
	}
	return counts
}

// note adds to the counts of an endpoint.
func (l *requestLog) note(endpoint Endpoint, received, acted int) {
	if l.count == nil {
		l.count = make(map[Endpoint]Counts)
	}
	c := l.count[endpoint]
	l.count[endpoint] = Counts{c.Received + received, c.Acted + acted}
}

// acted records that a request takes effect.
func (l *requestLog) acted(endpoint Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(endpoint, 0, 1)
}

// begin records the arrival of a request.
func (l *requestLog) begin(r *http.Request, path string, endpoint Endpoint, keyKnown bool, now time.Time) *Request {
	e := &Request{
		Time:     now,
		Method:   r.Method,
		Host:     r.Host,
		Path:     path,
		RawQuery: r.URL.RawQuery,
		Header:   r.Header.Clone(),
		KeyKnown: keyKnown,
		Endpoint: endpoint,
	}
	if e.Host == "" { // a request of a client, in Transport
		e.Host = r.URL.Host
	}
	e.Header.Del(keyHeader)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Requests++
	if r.Method != http.MethodGet {
		l.note(endpoint, 1, 0)
	}
	if len(l.ring) < maxLogged {
		l.ring = append(l.ring, e)
	} else {
		l.ring[l.next] = e
		l.next = (l.next + 1) % maxLogged
	}
	return e
}

// end records the response to a request.
func (l *requestLog) end(e *Request, a *answer, faulted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Status = a.status
	if a.refused {
		l.stats.Refused++
	}
	if faulted {
		l.stats.Faulted++
	}
}
