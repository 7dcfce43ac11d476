// Package inventory keeps every certificate of an account in a database: the orders of the account and of its subaccounts, their
// certificates, and a history of changes. The database is an SQLite file, or a PostgreSQL database for a team.
//
//	inv, err := inventory.Open(ctx, "inventory.db")
//	…
//	defer inv.Close()
//	summary, err := inv.Sync(ctx, client, nil)
//	…
//	for cert, err := range inv.Certificates(ctx, inventory.Filter{Name: "www.example.com", InUse: true}) {
//
// [Inventory.Sync] reads everything the first time, and then only what changed. It stores each batch in a transaction together with
// its progress. Whatever ends a sync, the next one continues where it stopped, and nothing is lost or stored twice.
//
// The tables are meant to be queried. They are described in schema/1.sql. The view inventory has each certificate with its order.
// Programs may read at any time, also during a sync.
package inventory
