-- Version 1 of the tables. Texts in braces are replaced; see dialect.go.
--
-- Days are texts yyyy-mm-dd, and moments are texts yyyy-mm-ddThh:mm:ssZ in UTC. They sort by time, and the same queries work on
-- SQLite and PostgreSQL. NULL means that the service did not send a value. The indexes of large tables are in indexes.sql.

CREATE TABLE inventory_version (
	version INTEGER NOT NULL
);
INSERT INTO inventory_version (version) VALUES (0);

CREATE TABLE subaccounts (
	id                {key},           -- account_id
	account_type      {text} NOT NULL,
	organization_name {text} NOT NULL,
	date_created      {text},          -- moment; NULL for a subaccount of a subaccount, which is known from its orders only
	removed_at        {text}           -- moment when a sync found that it is not listed any more
);

-- The ids of products are the inventory's own.
CREATE TABLE products (
	id      {key},
	name_id {text} NOT NULL,           -- such as ssl_plus
	name    {text} NOT NULL,
	type    {text} NOT NULL            -- such as ssl_certificate
);

CREATE TABLE organizations (
	id   {key},
	name {text} NOT NULL
);

CREATE TABLE containers (
	id   {key},
	name {text} NOT NULL
);

CREATE TABLE orders (
	id                   {key},
	source               {text} NOT NULL, -- own (of the account itself), subaccount, or unknown (not listed or read yet)
	subaccount_id        BIGINT,          -- NULL if not of a subaccount
	status               {text} NOT NULL,
	certificate_id       BIGINT,          -- the primary certificate
	common_name          {text} NOT NULL,
	product_id           BIGINT,          -- products.id
	organization_id      BIGINT,
	container_id         BIGINT,
	date_created         {text},          -- moment
	date_issued          {text},          -- moment; from order info only
	order_valid_till     {text},          -- day; the certificate may end before it
	validity_years       BIGINT,
	price                {decimal},       -- for the whole order
	currency             {text},          -- of own orders from order info only
	payment_method       {text},          -- from order info only
	number_of_sans       BIGINT,
	is_renewed           BOOLEAN,         -- NULL for orders of subaccounts
	renewed_order_id     BIGINT,          -- from order info only
	is_multi_year_plan   BOOLEAN,
	auto_renew           BIGINT,          -- from order info only
	notifications_off    BOOLEAN,         -- disable_renewal_notifications
	alternative_order_id {text},          -- from order info only
	reissues_count       BIGINT,          -- as the service counts them
	duplicates_count     BIGINT,
	reissues_read        BIGINT,          -- reissues_count when the reissues were last read; NULL if never
	duplicates_read      BIGINT,
	first_seen_at        {text} NOT NULL, -- moment
	read_at              {text},          -- moment when its order info was last read, or not found; NULL if known from lists only
	removed_at           {text}           -- moment when a sync found that it is not listed any more
);

-- Primary certificates of orders, now or before, reissues and duplicates. Each is in the table once.
CREATE TABLE certificates (
	id             {key},
	order_id       BIGINT NOT NULL,
	kind           {text} NOT NULL,       -- order, reissue, duplicate
	status         {text},                -- of the certificate, such as issued or revoked; often not known
	common_name    {text} NOT NULL,
	dns_names      {text} NOT NULL,       -- JSON array, as the service sent it; see the table names
	serial_number  {text},                -- hexadecimal, in upper case
	thumbprint     {text},
	valid_from     {text},                -- the first day
	valid_till     {text},                -- the last day
	date_issued    {text},                -- moment
	signature_hash {text},                -- such as sha256
	key_size       BIGINT,                -- bits; of primary certificates from order info only
	ca_name        {text}                 -- name of the issuing certificate; from order info only
);

-- The common name and the DNS names of each certificate, in lower case, each once. Names of more than 253 bytes are left out: they are not
-- DNS names.
CREATE TABLE names (
	certificate_id BIGINT NOT NULL,
	name           {text} NOT NULL,
	PRIMARY KEY (certificate_id, name)
){clustered};

-- Changes of orders, in the order in which syncs saw them.
CREATE TABLE changes (
	id             {serial},
	seen_at        {text} NOT NULL,       -- moment
	order_id       BIGINT NOT NULL,
	certificate_id BIGINT,
	kind           {text} NOT NULL,       -- added, status, certificate, same, removed, restored
	from_status    {text},                -- NULL if the order is new
	to_status      {text},                -- NULL if the order was removed
	reported       BOOLEAN NOT NULL       -- whether the service's status changes reported it; otherwise a list or order info showed it
);
CREATE INDEX changes_order ON changes (order_id);
CREATE INDEX changes_seen_at ON changes (seen_at);

-- Orders that changed and were not read since.
CREATE TABLE pending (
	order_id BIGINT PRIMARY KEY,
	since    {text} NOT NULL,             -- moment
	again_at {text}                       -- moment; NULL unless it could not be read, and is not read again before
);

-- The orders that the current full listing has listed.
CREATE TABLE listed (
	order_id {key}
);

-- The progress of syncs, in one row.
CREATE TABLE sync_state (
	id              {key},
	holder          {text} NOT NULL,      -- the sync that may write: the current or the last one
	account_id      BIGINT,               -- of the key; NULL if no key had permission to read it
	poll_state      {bytes},              -- state of the last poll for status changes
	polled_at       {text},               -- moment when that poll began
	polled_change   BIGINT NOT NULL,      -- the last id in changes after it
	list_part       {text} NOT NULL,      -- the current list of a full listing; empty if there is none
	list_rows       BIGINT NOT NULL,      -- rows of it that are stored
	list_last       BIGINT NOT NULL,      -- the id of the last of them
	list_own_only   BOOLEAN NOT NULL,     -- whether the key had no permission for subaccounts
	list_began_at   {text},               -- moment
	list_saved_at   {text},               -- moment
	listed_at       {text},               -- moment when the last complete full listing began
	synced_at       {text}                -- moment when the last complete sync ended
);
INSERT INTO sync_state (id, holder, polled_change, list_part, list_rows, list_last, list_own_only) VALUES (1, '', 0, '', 0, 0, FALSE);

-- Each certificate with its order, for queries.
CREATE VIEW inventory AS
SELECT
	c.id AS certificate_id, c.order_id, c.kind, coalesce(c.id = o.certificate_id, FALSE) AS is_primary,
	o.status, c.status AS certificate_status,
	c.common_name, c.dns_names, c.serial_number, c.thumbprint, c.valid_from, c.valid_till, o.order_valid_till,
	c.signature_hash, c.key_size, c.ca_name,
	p.name_id AS product, p.name AS product_name, p.type AS product_type,
	o.source, o.subaccount_id, s.account_type AS subaccount_type, s.organization_name AS subaccount,
	o.organization_id, g.name AS organization, o.container_id, t.name AS container,
	o.date_created, coalesce(c.date_issued, o.date_issued) AS date_issued, o.price, o.currency, o.is_renewed, o.removed_at,
	-- Whether it is in use: issued, not revoked and not replaced by a reissue, of an order that was not renewed. It may have expired.
	o.removed_at IS NULL AND NOT coalesce(o.is_renewed, FALSE) AND o.status IN ('issued', 'reissue_pending', 'reissue_processing') AND
	(coalesce(c.id = o.certificate_id, FALSE) AND coalesce(c.status, 'issued') = 'issued' OR
	c.kind = 'duplicate' AND coalesce(c.status, '') IN ('issued', 'approved')) AS in_use
FROM certificates c
JOIN orders o ON o.id = c.order_id
LEFT JOIN products p ON p.id = o.product_id
LEFT JOIN subaccounts s ON s.id = o.subaccount_id
LEFT JOIN organizations g ON g.id = o.organization_id
LEFT JOIN containers t ON t.id = o.container_id;
