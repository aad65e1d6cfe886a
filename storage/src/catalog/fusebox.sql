-- Ours, in the same transactions. DuckDB does not look at them.
CREATE TABLE fusebox_wal_position(lsn INTEGER NOT NULL);
INSERT INTO fusebox_wal_position VALUES (0);
-- Times are nanoseconds since 1970, both ends inclusive.
CREATE TABLE fusebox_block(
    data_file_id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, "table" TEXT NOT NULL, late INTEGER NOT NULL,
    first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, first_received INTEGER, last_received INTEGER,
    traces INTEGER NOT NULL, schema_version INTEGER NOT NULL, lsn INTEGER NOT NULL);
-- Files beside a block; `kind` is tix, bloom, text, attr or sum. `path` is relative to the data directory.
CREATE TABLE fusebox_block_index(
    data_file_id INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (data_file_id, kind));
