//! How far a client is, as text that only we read.

use storage::{Place, wal::Lsn};

pub(super) fn write_cursor(place: Place) -> String {
    format!("{:x}-{:x}", place.lsn.0, place.row)
}

/// `None` when it is none of ours.
pub(super) fn parse_cursor(text: &str) -> Option<Place> {
    let (lsn, row) = text.split_once('-')?;
    Some(Place { lsn: Lsn(u64::from_str_radix(lsn, 16).ok()?), row: u32::from_str_radix(row, 16).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        for place in [Place { lsn: Lsn(0), row: 0 }, Place { lsn: Lsn(0x4d2), row: 17 }, Place { lsn: Lsn(u64::MAX), row: u32::MAX }] {
            assert_eq!(parse_cursor(&write_cursor(place)), Some(place));
        }
        for text in ["", "-", "4d2", "4d2-", "x-1", "1-100000000", "1-2-3", "库-1"] {
            assert_eq!(parse_cursor(text), None, "{text}");
        }
    }
}
