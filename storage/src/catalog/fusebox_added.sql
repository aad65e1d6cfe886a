-- Side tables that catalogs of earlier versions lack.
-- Blocks that are being written to take the place of others: files of such a number are leftovers. Numbers are never used twice.
CREATE TABLE IF NOT EXISTS fusebox_rewrite(number INTEGER PRIMARY KEY AUTOINCREMENT);
-- Blocks that retention let go: their rows are nowhere else, so their files stay longer than those of replaced blocks.
CREATE TABLE IF NOT EXISTS fusebox_let_go(data_file_id INTEGER PRIMARY KEY);
-- Keys of the attributes in a column of JSON, one a line, ascending; a column without a row may have any.
CREATE TABLE IF NOT EXISTS fusebox_block_keys(
    data_file_id INTEGER NOT NULL, column_id INTEGER NOT NULL, keys TEXT NOT NULL, PRIMARY KEY (data_file_id, column_id));
-- Live blocks that cannot be read, since when that is known (nanoseconds since 1970), and why.
CREATE TABLE IF NOT EXISTS fusebox_damaged(data_file_id INTEGER PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL);
-- Since which place in the log spans are added up by minute, as their blocks are written: earlier ones are in no row of `table`.
CREATE TABLE IF NOT EXISTS fusebox_rollup("table" TEXT PRIMARY KEY, since INTEGER NOT NULL);
-- The operations, peers and error codes that have rows of their own in sums; `last_day` is that of the newest arrival, since 1970.
CREATE TABLE IF NOT EXISTS fusebox_known(
    tenant INTEGER NOT NULL, service TEXT NOT NULL, namespace TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL,
    last_day INTEGER NOT NULL, PRIMARY KEY (tenant, service, namespace, what, value)) WITHOUT ROWID;
