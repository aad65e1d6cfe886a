//! A request body off the socket: paid for before it is read, bounded in size and in time.

use std::{fmt::Display, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::Refusal;
use crate::{
    admission::Reservation,
    config::{Config, millis},
};

/// What a body of unannounced length pays before its first byte; then it pays in doublings.
const FIRST_BYTES: u64 = 4 << 10;
/// What a body of announced length pays at most before its first byte. Most bodies are shorter and paid for as a whole; the length of
/// one that is not is believed as its bytes come, else a few slow senders of announcements would hold the budget.
const FIRST_ANNOUNCED_BYTES_MAX: u64 = 256 << 10;

/// How slowly a body may arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    total: Duration,
    grace: Duration,
    bytes_per_second_min: u64,
}

impl Pace {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            total: millis(config.body_timeout_ms),
            grace: millis(config.body_grace_ms),
            bytes_per_second_min: config.body_bytes_per_second_min,
        }
    }

    /// When the next byte must have come after `received` bytes.
    fn deadline(&self, started: Instant, received: usize) -> Instant {
        let earned = Duration::from_millis((received as u64).saturating_mul(1_000) / self.bytes_per_second_min);
        started + self.total.min(self.grace.saturating_add(earned))
    }
}

/// Reads `body` to its end. `check` sees all bytes so far after each part and may refuse the rest.
///
/// # Errors
/// The refusal of `check`, a spent budget, a body that is too slow or breaks off.
pub(crate) async fn read<B>(
    body: &mut B,
    announced: Option<u64>,
    reservation: &mut Reservation,
    pace: Pace,
    check: impl Fn(&[u8]) -> Result<(), Refusal>,
) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let mut paid = announced.map_or(FIRST_BYTES, |bytes| bytes.min(FIRST_ANNOUNCED_BYTES_MAX));
    reservation.grow_to(paid).await?;
    let started = Instant::now();
    let mut whole = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout_at(pace.deadline(started, whole.len()), body.frame()).await {
            Err(_) => return Err(Refusal::BodySlow),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(Err(error))) => return Err(Refusal::BodyBroken(error.to_string())),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(part) = frame.into_data() else { continue };
        let needed = (whole.len() + part.len()) as u64;
        if needed > paid {
            paid = needed.max((paid * 2).min(announced.unwrap_or(u64::MAX)));
            reservation.grow_to(paid).await?;
        }
        whole.extend_from_slice(&part);
        check(&whole)?;
    }
}

/// Reads and forgets what a refused HTTP/1.1 sender still sends, so that it sees the answer instead of a reset connection.
pub(crate) async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B, bytes_max: u64) {
    const PATIENCE: Duration = Duration::from_secs(5);
    let rest = async {
        let mut left = bytes_max;
        while let Some(Ok(frame)) = body.frame().await {
            left = match left.checked_sub(frame.data_ref().map_or(0, Bytes::len) as u64) {
                Some(left) => left,
                None => break,
            };
        }
    };
    let _ = tokio::time::timeout(PATIENCE, rest).await;
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, StreamBody};

    use super::*;
    use crate::admission::Budget;

    fn pace() -> Pace {
        Pace { total: Duration::from_secs(30), grace: Duration::from_secs(5), bytes_per_second_min: 1_000 }
    }

    fn budget() -> Budget {
        Budget::new(1 << 20, Duration::from_secs(1))
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_body_comes_back() {
        let mut body = Full::new(Bytes::from_static(b"hello"));
        let read = read(&mut body, None, &mut budget().reservation(), pace(), |_| Ok(())).await;
        assert_eq!(read, Ok(Bytes::from_static(b"hello")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_gets_the_grace_time_and_what_its_bytes_earn() {
        let check = async |part: &'static [u8], every: Duration, expected_s: u64| {
            let parts = futures::stream::unfold((), move |()| async move {
                tokio::time::sleep(every).await;
                Some((Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from_static(part))), ()))
            });
            let mut body = StreamBody::new(Box::pin(parts));
            let started = Instant::now();
            let answer = read(&mut body, None, &mut budget().reservation(), pace(), |_| Ok(())).await;
            assert_eq!((answer, started.elapsed().as_secs()), (Err(Refusal::BodySlow), expected_s));
        };
        check(b"", Duration::from_secs(1), 5).await;
        check(&[0; 500], Duration::from_secs(1), 9).await;
        check(&[0; 2_000], Duration::from_secs(1), 30).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_announced_length_is_believed_as_its_bytes_come() {
        const KIB: u64 = 1 << 10;
        let check = async |announced: Option<u64>, parts: &[u64], expected: &[u64]| {
            let budget = Budget::new(1 << 30, Duration::from_secs(1));
            let (mut reservation, mut left) = (budget.reservation(), vec![]);
            let frames =
                parts.iter().map(|kib| Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from(vec![0; (kib * KIB) as usize]))));
            // Asked for the next part, everything up to it has been paid.
            let frames = frames.inspect(|_| left.push(budget.available_bytes()));
            let mut body = StreamBody::new(futures::stream::iter(frames));
            read(&mut body, announced.map(|kib| kib * KIB), &mut reservation, pace(), |_| Ok(())).await.expect("whole");
            left.push(budget.available_bytes());
            let paid: Vec<u64> = left.iter().map(|left| ((1 << 30) - left) / KIB).collect();
            assert_eq!(paid, expected, "{announced:?} {parts:?}");
        };
        check(None, &[1, 10, 10], &[4, 4, 11, 22]).await;
        check(Some(40), &[1, 10, 10], &[40, 40, 40, 40]).await;
        check(Some(64 << 10), &[1, 256, 512], &[256, 256, 512, 1_024]).await;
        check(Some(300), &[200, 100], &[256, 256, 300]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_announced_length_is_paid_before_the_first_byte() {
        let budget = budget();
        let mut others = budget.reservation();
        others.grow_to(1 << 20).await.expect("free");
        let mut body =
            StreamBody::new(futures::stream::poll_fn(|_| -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
                panic!("read before it was paid for")
            }));
        let answer = read(&mut body, Some(64), &mut budget.reservation(), pace(), |_| Ok(())).await;
        assert!(matches!(answer, Err(Refusal::Budget(_))), "{answer:?}");
    }
}
