-- The indexes of the large tables. Each full listing creates those that are missing when it ends. With them, the inserts of the first
-- listing would take many times as long.

CREATE INDEX orders_subaccount ON orders (subaccount_id);
CREATE INDEX orders_removed ON orders (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX certificates_order ON certificates (order_id);
CREATE INDEX certificates_valid_till ON certificates (valid_till);
CREATE INDEX certificates_serial_number ON certificates (serial_number);
CREATE INDEX names_name ON names (name);
