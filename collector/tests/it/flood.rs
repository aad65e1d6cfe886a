//! HTTP/2 frames by the hundred thousand: the attack ends or is absorbed, and others are served meanwhile.

use std::time::Duration;

use schemas::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    payload,
    rig::Rig,
    wire::{Outcome, Wire},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAMES: u32 = 100_000;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `:method POST`, `:scheme http`, `:path /`: indexed in the static table of HPACK.
fn open_stream(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &[0x83, 0x86, 0x84])
}

/// Sends `frames` until they are all sent or the server has closed the connection.
async fn attack(address: std::net::SocketAddr, mut frames: impl Iterator<Item = Vec<u8>>) {
    let stream = TcpStream::connect(address).await.expect("connects");
    let (mut reader, mut writer) = stream.into_split();
    let listening = tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let sending = async {
        writer.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await?;
        loop {
            let chunk: Vec<u8> = frames.by_ref().take(256).flatten().collect();
            if chunk.is_empty() {
                return Ok::<_, std::io::Error>(());
            }
            writer.write_all(&chunk).await?;
        }
    };
    let _closed_by_the_server = tokio::time::timeout(Duration::from_secs(60), sending).await.expect("neither absorbed nor closed");
    listening.abort();
}

#[tokio::test]
async fn floods_of_frames_do_not_keep_others_from_being_served() {
    let rig = Rig::start().await;
    for (address, wire) in [(rig.grpc, Wire::Grpc), (rig.http, Wire::Protobuf)] {
        let odd = (0..FRAMES).map(|ordinal| 2 * ordinal + 1);
        let rapid_resets = odd.flat_map(|stream| [open_stream(stream), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())]);
        let empty_data = std::iter::once(open_stream(1)).chain((0..FRAMES).map(|_| frame(DATA, 0, 1, &[])));
        let pings = (0..FRAMES).map(|ordinal| frame(PING, 0, 0, &u64::from(ordinal).to_be_bytes()));
        let settings = (0..FRAMES).map(|_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]));
        let endless_head = std::iter::once(frame(HEADERS, 0, 1, &[0x83]))
            .chain((0..FRAMES).map(|_| frame(CONTINUATION, 0, 1, b"\x00\x05x-pad\x0a0123456789")));
        let good = async {
            for seed in 0..5 {
                let outcome = payload::call(Signal::Logs, wire, seed, 1, 0).send(&rig).await.outcome(Signal::Logs, wire);
                assert_eq!(outcome, Outcome::Stored);
            }
        };
        tokio::join!(
            attack(address, rapid_resets),
            attack(address, empty_data),
            attack(address, pings),
            attack(address, settings),
            attack(address, endless_head),
            good,
        );
    }
    // The second transport retries what the first stored.
    assert_eq!(rig.all_rows(), 5);
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let rig = Rig::start().await;
    for address in [rig.grpc, rig.http] {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let field = frame(CONTINUATION, 0, 1, b"\x00\x05x-pad\x0a0123456789");
        let start = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, 0, 1, &[0x83])].concat();
        let _ = stream.write_all(&[start, field.repeat(10_000)].concat()).await;
        let mut heard = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard)).await;
        assert!(closed.is_ok(), "still open");
    }
}
