// Package wiretest tests the client against servers that violate HTTP: all combinations of faults and redirects, over real
// loopback connections. It contains only tests.
package wiretest
