//! What a client reads: the lines of server-sent events.
//!
//! Source: the section "Server-sent events" of the HTML standard. An event without data is not dispatched, but its id counts.

use serde::Serialize;
use storage::Missing;

/// Records are missing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(in crate::api) struct Gap {
    /// How many, whatever the search would have found of them; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) dropped: Option<u64>,
    pub(in crate::api) reason: String,
}

impl Gap {
    pub(super) fn of(missing: Missing) -> Self {
        match missing {
            Missing::Behind { rows } => Self { dropped: Some(rows), reason: "records arrived faster than this stream was read".to_owned() },
            Missing::TooFarBack => {
                Self::unknown("the place to go on from is too far back: records since then are in the store, not in this stream")
            }
            Missing::Unknown => Self::unknown("the place to go on from is not of this store: the stream goes on with what arrives now"),
        }
    }

    pub(in crate::api) fn unknown(reason: impl Into<String>) -> Self {
        Self { dropped: None, reason: reason.into() }
    }
}

/// An event whose data `write` appends as JSON. It goes on one line: a line break in JSON is white space.
pub(in crate::api) fn push_event<E>(
    out: &mut Vec<u8>,
    name: &str,
    id: Option<&str>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    out.extend_from_slice(format!("event: {name}\n").as_bytes());
    push_id(out, id);
    out.extend_from_slice(b"data: ");
    let data = out.len();
    write(out)?;
    out[data..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    out.extend_from_slice(b"\n\n");
    Ok(())
}

pub(in crate::api) fn push_gap(out: &mut Vec<u8>, gap: &Gap, id: Option<&str>) {
    let written = push_event(out, "gap", id, |out| serde_json::to_writer(out, gap));
    written.expect("texts and numbers always serialize");
}

/// Says that the stream is alive, and how far it is.
pub(in crate::api) fn push_heartbeat(out: &mut Vec<u8>, id: &str) {
    out.extend_from_slice(b": heartbeat\n");
    push_id(out, Some(id));
    out.push(b'\n');
}

fn push_id(out: &mut Vec<u8>, id: Option<&str>) {
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1a-3";

    #[test]
    fn events_are_lines() {
        let check = |push: &dyn Fn(&mut Vec<u8>), expected: &str| {
            let mut out = Vec::new();
            push(&mut out);
            assert_eq!(String::from_utf8(out).expect("text"), expected);
        };
        let log = |out: &mut Vec<u8>| {
            push_event(out, "log", Some(ID), |out| {
                out.extend_from_slice("{\"body\":\n\"库存不足\"}".as_bytes());
                Ok::<(), ()>(())
            })
            .expect("written");
        };
        check(&log, "event: log\nid: 1a-3\ndata: {\"body\": \"库存不足\"}\n\n");
        check(&|out| push_heartbeat(out, ID), ": heartbeat\nid: 1a-3\n\n");
        let behind = Gap::of(Missing::Behind { rows: 7 });
        check(
            &|out| push_gap(out, &behind, Some(ID)),
            "event: gap\nid: 1a-3\ndata: {\"dropped\":7,\"reason\":\"records arrived faster than this stream was read\"}\n\n",
        );
        check(&|out| push_gap(out, &Gap::unknown("x"), None), "event: gap\ndata: {\"reason\":\"x\"}\n\n");
    }
}
