//! What the bytes of the log mean. All numbers are little endian.
//!
//! ```text
//! segment file <ordinal, 16 hex>-<epoch, 16 hex>.wal          a spare one ends in .spare
//! +---------+----------+----------+----------+-- ... --+----------+-------------------------+
//! | header  | record   | record   | record   |         | end mark | zeros, or a former life |
//! | 64      | 64 + len | 64 + len | 64 + len |         | 8 zeros  |                         |
//! +---------+----------+----------+----------+-- ... --+----------+-------------------------+
//!
//! header  magic 8 | format u32 | crc u32 | ordinal u64 | epoch u64 | first lsn u64 | previous ordinal u64 | previous end u64
//!         | acknowledged lsn u64
//! record  magic 4 | crc u32 | body crc u32 | body len u32 | lsn u64 | epoch u64 | request hash u128
//!         | received at i64 | tenant u32 | signal u8 | format u8 | encoding u8 | zero u8     then the body as it arrived
//! ```
//! - Each crc is CRC-32 over the rest of its 64 bytes. A record has two, so that headers can be trusted without reading bodies,
//!   and a damaged body costs one record: its length still leads to the next.
//! - `epoch` is drawn at random for each life of a file. A record of another epoch is from a former life of a recycled file, or was
//!   put into a request body by somebody who wanted it found after damage: it does not exist.
//! - `previous end` is where the acknowledged records of segment `previous ordinal` end. What that file holds beyond it was written by
//!   a group whose sync failed: its senders were told so and send it again, so it does not exist either. The header is durable before
//!   the first such retry can be acknowledged, hence a request is never found twice.
//! - `acknowledged lsn` is the newest record that was acknowledged before this segment began: a catalog that covers less, and no older
//!   segment, mean that records are missing. Segments written before this was kept have 0 there, which says nothing.
//! - Every version keeps magic, format and crc of the segment header at these places, so that an older build knows what it cannot read.
#![deny(clippy::indexing_slicing)]

use bytes::Bytes;
use schemas::{
    RequestHash, Signal, TenantId, UnixNanos,
    otlp::{ContentEncoding, Format},
};

use super::{Known, Lsn};
use crate::RawRequest;

pub(super) const FORMAT: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const RECORD_MAGIC: [u8; 4] = [0xf5, b'R', 0xeb, 0x0c];
pub(super) const END_MARK: [u8; 8] = [0; 8];
const SEGMENT_MAGIC: [u8; 8] = *b"FBXWAL\r\n";

/// Bytes that `request` takes in a segment.
pub(super) fn record_bytes(request: &RawRequest) -> u64 {
    (HEADER_BYTES + request.body.len()) as u64
}

/// Names a segment file; the same facts stand in its header, so that either survives damage to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentId {
    /// The order of segments, never used twice.
    pub ordinal: u64,
    pub epoch: u64,
}

pub(super) const SEGMENT_SUFFIX: &str = "wal";
pub(super) const SPARE_SUFFIX: &str = "spare";

impl SegmentId {
    pub fn file_name(self, suffix: &str) -> String {
        format!("{:016x}-{:016x}.{suffix}", self.ordinal, self.epoch)
    }

    /// The segment and the suffix that a file name tells.
    pub fn parse(name: &str) -> Option<(Self, &str)> {
        let (stem, suffix) = name.split_once('.')?;
        let (ordinal, epoch) = stem.split_once('-')?;
        let hex = |text: &str| (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten();
        Some((Self { ordinal: hex(ordinal)?, epoch: hex(epoch)? }, suffix))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub id: SegmentId,
    /// Every record here has this lsn or a later one, every record of earlier segments an earlier one.
    pub first_lsn: Lsn,
    pub previous: PreviousEnd,
    /// The newest acknowledged record of all earlier segments.
    pub acknowledged: Lsn,
}

/// Where the segment before ended. Ordinal 0 means there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PreviousEnd {
    pub ordinal: u64,
    pub end_bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadHeader {
    Whole(SegmentHeader),
    Newer(u32),
    /// Only zeros.
    Blank,
    Damaged,
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut rest = Vec::with_capacity(HEADER_BYTES);
        let Self { id, first_lsn, previous, acknowledged } = self;
        for number in [id.ordinal, id.epoch, first_lsn.0, previous.ordinal, previous.end_bytes, acknowledged.0] {
            rest.extend_from_slice(&number.to_le_bytes());
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&SEGMENT_MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&segment_crc(FORMAT, &rest).to_le_bytes());
        bytes.extend_from_slice(&rest);
        bytes.try_into().expect("8 + 4 + 4 + 6 * 8 bytes were written")
    }

    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> ReadHeader {
        if *bytes == [0; HEADER_BYTES] {
            return ReadHeader::Blank;
        }
        let mut fields = Fields(bytes);
        let (magic, format, crc) = (fields.take::<8>(), fields.u32(), fields.u32());
        if magic != SEGMENT_MAGIC || crc != segment_crc(format, fields.0) {
            return ReadHeader::Damaged;
        }
        if format > FORMAT {
            return ReadHeader::Newer(format);
        }
        let id = SegmentId { ordinal: fields.u64(), epoch: fields.u64() };
        let first_lsn = Lsn(fields.u64());
        let previous = PreviousEnd { ordinal: fields.u64(), end_bytes: fields.u64() };
        ReadHeader::Whole(Self { id, first_lsn, previous, acknowledged: Lsn(fields.u64()) })
    }
}

fn segment_crc(format: u32, rest: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&SEGMENT_MAGIC);
    crc.update(&format.to_le_bytes());
    crc.update(rest);
    crc.finalize()
}

/// A record header whose checksum held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub body_crc: u32,
    pub body_len: u32,
    pub lsn: Lsn,
    pub epoch: u64,
    pub hash: RequestHash,
    pub received_at: UnixNanos,
    pub tenant: TenantId,
    signal: u8,
    format: u8,
    encoding: u8,
}

impl RecordHeader {
    /// The header, or `None` when these bytes are none.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let (magic, crc) = (fields.take::<4>(), fields.u32());
        if magic != RECORD_MAGIC || crc != crc32fast::hash(fields.0) {
            return None;
        }
        Some(Self {
            body_crc: fields.u32(),
            body_len: fields.u32(),
            lsn: Lsn(fields.u64()),
            epoch: fields.u64(),
            hash: RequestHash(u128::from_le_bytes(fields.take())),
            received_at: UnixNanos(i64::from_le_bytes(fields.take())),
            tenant: TenantId(fields.u32()),
            signal: fields.u8(),
            format: fields.u8(),
            encoding: fields.u8(),
        })
    }

    pub fn record_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.body_len)
    }

    pub fn known(&self) -> Known {
        Known { lsn: self.lsn, hash: self.hash, received_at: self.received_at }
    }

    pub fn fits(&self, body: &[u8]) -> bool {
        crc32fast::hash(body) == self.body_crc
    }

    /// The request, or `None` when a code is one that no version of this format writes.
    pub fn request(&self, body: Bytes) -> Option<RawRequest> {
        Some(RawRequest {
            tenant: self.tenant,
            signal: Signal::from_code(self.signal)?,
            format: match self.format {
                code if code == Format::Protobuf as u8 => Format::Protobuf,
                code if code == Format::Json as u8 => Format::Json,
                _ => return None,
            },
            encoding: match self.encoding {
                code if code == ContentEncoding::Identity as u8 => ContentEncoding::Identity,
                code if code == ContentEncoding::Gzip as u8 => ContentEncoding::Gzip,
                code if code == ContentEncoding::Zstd as u8 => ContentEncoding::Zstd,
                _ => return None,
            },
            received_at: self.received_at,
            hash: self.hash,
            body,
        })
    }
}

/// Appends the record of `request` to `group`. The body is at most `u32::MAX` bytes.
pub(super) fn encode_record(group: &mut Vec<u8>, epoch: u64, lsn: Lsn, request: &RawRequest) {
    let body_len = u32::try_from(request.body.len()).expect("checked when the request was queued");
    let mut rest = Vec::with_capacity(HEADER_BYTES);
    rest.extend_from_slice(&crc32fast::hash(&request.body).to_le_bytes());
    rest.extend_from_slice(&body_len.to_le_bytes());
    rest.extend_from_slice(&lsn.0.to_le_bytes());
    rest.extend_from_slice(&epoch.to_le_bytes());
    rest.extend_from_slice(&request.hash.0.to_le_bytes());
    rest.extend_from_slice(&request.received_at.0.to_le_bytes());
    rest.extend_from_slice(&request.tenant.0.to_le_bytes());
    rest.extend_from_slice(&[request.signal as u8, request.format as u8, request.encoding as u8, 0]);
    group.extend_from_slice(&RECORD_MAGIC);
    group.extend_from_slice(&crc32fast::hash(&rest).to_le_bytes());
    group.extend_from_slice(&rest);
    group.extend_from_slice(&request.body);
}

/// The fields of a header whose length was checked by its type.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk::<N>().expect("the fields of a header add up to its length");
        self.0 = rest;
        *field
    }

    fn u8(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn segment_headers_round_trip_and_newer_ones_are_known() {
        let header = SegmentHeader {
            id: SegmentId { ordinal: 7, epoch: 0xfeed },
            first_lsn: Lsn(3),
            previous: PreviousEnd { ordinal: 6, end_bytes: 640 },
            acknowledged: Lsn(2),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes), ReadHeader::Whole(header));

        let mut newer = bytes;
        newer[8..12].copy_from_slice(&2u32.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&newer), ReadHeader::Damaged, "a flipped version is damage, not a version");
        newer[12..16].copy_from_slice(&segment_crc(2, &bytes[16..]).to_le_bytes());
        assert_eq!(SegmentHeader::decode(&newer), ReadHeader::Newer(2));
    }

    #[test]
    fn file_names_round_trip_and_others_are_not_ours() {
        let id = SegmentId { ordinal: 0x1f, epoch: u64::MAX };
        assert_eq!(SegmentId::parse(&id.file_name(SEGMENT_SUFFIX)), Some((id, "wal")));
        for name in ["", "x.wal", "000000000000001f-ffff.wal", "000000000000001f_ffffffffffffffff.wal", "日本.wal"] {
            assert_eq!(SegmentId::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn records_round_trip(lsn: u64, epoch: u64, hash: u128, received_at: i64, tenant: u32, signal in 0usize..3, body: Vec<u8>, flip: proptest::sample::Index) {
            let request = RawRequest {
                tenant: TenantId(tenant), signal: Signal::ALL[signal], format: Format::Json, encoding: ContentEncoding::Zstd,
                received_at: UnixNanos(received_at), hash: RequestHash(hash), body: Bytes::from(body),
            };
            let mut bytes = Vec::new();
            encode_record(&mut bytes, epoch, Lsn(lsn), &request);
            prop_assert_eq!(bytes.len() as u64, record_bytes(&request));
            let (header, body) = bytes.split_first_chunk().expect("a header");
            let header = RecordHeader::decode(header).expect("whole");
            prop_assert!(header.fits(body));
            prop_assert_eq!((header.lsn, header.epoch, header.record_bytes()), (Lsn(lsn), epoch, bytes.len() as u64));
            let read = header.request(Bytes::copy_from_slice(body)).expect("known codes");
            prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));

            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (header, body) = bytes.split_first_chunk().expect("a header");
            prop_assert!(!RecordHeader::decode(header).is_some_and(|header| header.fits(body)));
        }
    }
}
