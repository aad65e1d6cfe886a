-- Side tables that catalogs of earlier versions lack.
-- Blocks that are being written to take the place of others: files of such a number are leftovers. Numbers are never used twice.
CREATE TABLE IF NOT EXISTS fusebox_rewrite(number INTEGER PRIMARY KEY AUTOINCREMENT);
-- Blocks that retention let go: their rows are nowhere else, so their files stay longer than those of replaced blocks.
CREATE TABLE IF NOT EXISTS fusebox_let_go(data_file_id INTEGER PRIMARY KEY);
-- Keys of the attributes in a column of JSON, one a line, ascending; a column without a row may have any.
CREATE TABLE IF NOT EXISTS fusebox_block_keys(
    data_file_id INTEGER NOT NULL, column_id INTEGER NOT NULL, keys TEXT NOT NULL, PRIMARY KEY (data_file_id, column_id));
