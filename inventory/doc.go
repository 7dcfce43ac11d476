// Package inventory keeps every certificate of an account in a database: the orders of the account and of its subaccounts, their
// certificates, and what changed when. The database is a file of SQLite, or on a PostgreSQL server for a team.
//
//	inv, err := inventory.Open(ctx, "inventory.db")
//	…
//	defer inv.Close()
//	summary, err := inv.Sync(ctx, client, nil)
//	…
//	for cert, err := range inv.Certificates(ctx, inventory.Filter{Name: "www.example.com", InUse: true}) {
//
// [Inventory.Sync] reads everything the first time, and afterwards what changed. Each batch that it stores is one transaction,
// which also stores how far it has got: whatever ends a sync, the next one continues there, and nothing is lost or stored twice.
//
// The tables are meant to be queried. They are described in schema/1.sql, and the view inventory has each certificate with
// its order. Programs that only read may do so at any time, also during a sync.
package inventory
