// Package wiretest tests the client against servers that break HTTP: the matrices of faults and redirects, over real
// loopback connections. It has nothing but tests.
package wiretest
