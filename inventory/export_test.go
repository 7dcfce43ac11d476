package inventory

// SetBatches makes syncs store less in one transaction than they do, so that few orders make many transactions.
func (inv *Inventory) SetBatches(rows, before, orders int) {
	inv.batches = batches{rows, before, orders}
}
