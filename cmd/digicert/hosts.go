// The hosts of a server, such as the sandbox: where it listens, and which Host headers it accepts.

package main

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// hosts are the hosts that a server accepts in requests. A web page can have a name that points to this machine, and could reach the
// server from a browser. It cannot have the name of the machine itself, or a name without a dot.
type hosts struct {
	remote bool     // not only those of loopback
	names  []string // those of --allow-host
	of     string   // what a message calls the server
}

var hostName = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

// hostsOf returns the hosts that the flags allow, and checks --addr. remote is the value of the flag that allows others to reach the server.
func hostsOf(c *cli.Command, remote bool, flag string) (hosts, error) {
	h := hosts{remote: remote, of: c.FullName()}
	addr := c.String("addr")
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return h, usageErrorf("--addr %q is not HOST:PORT, must be like 127.0.0.1:8080", addr)
	}
	if !h.remote && host != "localhost" && !isLoopback(host) {
		return h, usageErrorf("--addr %q is not a loopback address, must be like 127.0.0.1:8080; %s allows others", addr, flag)
	}
	for _, name := range c.StringSlice("allow-host") {
		normal := normalHost(name)
		if !hostName.MatchString(normal) {
			return h, usageErrorf("--allow-host %q is not a name, must be like host.example.com, without a port", name)
		}
		h.names = append(h.names, normal)
	}
	return h, nil
}

// listen listens on the value of --addr.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	return listener, nil
}

// normalHost returns the one form of all spellings of a host.
func normalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// allow reports whether the server accepts the value of a Host header.
func (h hosts) allow(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = normalHost(strings.Trim(host, "[]"))
	switch {
	case host == "localhost", isLoopback(host), slices.Contains(h.names, host):
		return true
	case h.remote:
		return net.ParseIP(host) != nil || hostName.MatchString(host) && !strings.Contains(host, ".")
	}
	return false
}

// guard answers only requests whose Host is allowed.
func (h hosts) guard(next http.Handler) http.Handler {
	own := "serves loopback only"
	if h.remote {
		own = "accepts addresses and names without a dot"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.allow(r.Host) {
			answer(w, r, func(*http.Request) (any, error) {
				return nil, refuse(http.StatusMisdirectedRequest, "the Host %q is not one of this server, which %s; %s --allow-host allows a name", r.Host, own, h.of)
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
