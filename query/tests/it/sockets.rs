//! The API behind a real socket: what a browser or a stranger can do to it.

use std::net::SocketAddr;

use query::api::Api;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::{api::fixture, rows::TRACE};

async fn started() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let api = Api::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 16).await.expect("a free port");
    let address = api.local_addr().expect("bound");
    let stop = CancellationToken::new();
    let serving = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let fixture = fixture(address);
            api.serve(fixture.router.clone(), stop).await;
        })
    };
    (address, stop, serving)
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers");
    answer
}

#[tokio::test]
async fn loopback_is_served_and_strangers_are_not() {
    let (address, stop, serving) = started().await;
    let path = format!("/api/v1/traces/{TRACE}");
    let cases = [
        (format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), "200"),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", address.port()), "200"),
        (format!("GET {path} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"), "403"),
        (format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n"), "403"),
        (format!("GET http://evil.example{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), "403"),
        (format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n"), "403"),
        (format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n\r\n"), "200"),
    ];
    for (request, status) in cases {
        let answer = exchange(address, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{answer}");
    }
    stop.cancel();
    serving.await.expect("the server ends");
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
}
