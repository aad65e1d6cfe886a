//! The other end of a forward, a scraped page and the API behind TLS, with a certificate of a file.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio::{io::copy_bidirectional, runtime::Runtime};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Speaks TLS as `localhost` and passes on to a plain port.
struct Front {
    port: u16,
    certificate: PathBuf,
    _runtime: Runtime,
}

impl Front {
    fn of(plain: &str, protocol: &str, dir: &Path) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate with its key");
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("as tokio wants it");
        let port = listener.local_addr().expect("bound").port();
        let certificate = dir.join(format!("{port}.pem"));
        fs::write(&certificate, cert.pem()).expect("written");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let plain = plain.trim_start_matches("http://").to_owned();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, plain) = (acceptor.clone(), plain.clone());
                tokio::spawn(async move {
                    let Ok(mut inside) = acceptor.accept(stream).await else { return };
                    let mut outside = tokio::net::TcpStream::connect(plain).await.expect("the server listens");
                    // Ends when either side does.
                    let _ = copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { port, certificate, _runtime: runtime }
    }
}

/// The first cell of the answer, once it is more than 0.
fn count(server: &Server, sql: &str) -> u64 {
    let started = Instant::now();
    loop {
        let (status, body) = Http::connect(&server.api).post("/api/v1/sql", &json!({ "query": sql }));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        let count = answer["rows"][0][0].as_u64().expect("a count");
        if count > 0 || started.elapsed() > PATIENCE {
            return count;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_forwarded_and_scraped_goes_through_tls() {
    let dirs = [tempfile::tempdir().expect("a temporary directory"), tempfile::tempdir().expect("a temporary directory")];
    let other = Server::start(&dirs[0]);
    let http = Front::of(&other.otlp_http, "http/1.1", dirs[0].path());
    let grpc = Front::of(&other.otlp_grpc, "h2", dirs[0].path());
    let page = Front::of(&other.api, "http/1.1", dirs[0].path());
    let config = format!(
        "[[forward]]\nendpoint = \"https://localhost:{}\"\nca_file = {:?}\nsignals = [\"logs\"]\n\
         [[forward]]\nendpoint = \"https://localhost:{}\"\nca_file = {:?}\nprotocol = \"grpc\"\nsignals = [\"traces\"]\n\
         [[scrape]]\njob = \"other\"\nscheme = \"https\"\nca_file = {:?}\ntargets = [\"localhost:{}\"]\ninterval_ms = 200\n",
        http.port, http.certificate, grpc.port, grpc.certificate, page.certificate, page.port
    );
    let server = Server::start_with(&dirs[1], &config);
    let mut otlp = Http::connect(&server.otlp_http);
    let log = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "through TLS"}}]}]}]});
    let span = json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "through TLS",
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000000000001"});
    let span = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    assert_eq!((otlp.post("/v1/logs", &log).0, otlp.post("/v1/traces", &span).0), (200, 200));
    assert_eq!(count(&other, "SELECT count(*) FROM logs WHERE body = 'through TLS'"), 1);
    assert_eq!(count(&other, "SELECT count(*) FROM spans WHERE name = 'through TLS'"), 1);
    assert!(count(&server, "SELECT count(*) FROM metrics WHERE service_name = 'other' AND metric_name LIKE 'fusebox_%'") > 0);
}

#[test]
fn nobody_is_trusted_whom_nobody_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let other = Server::start(&dir);
    let [mine, theirs] = [Front::of(&other.otlp_http, "http/1.1", dir.path()), Front::of(&other.otlp_http, "http/1.1", dir.path())];
    let own = tempfile::tempdir().expect("a temporary directory");
    let config = format!("[[forward]]\nendpoint = \"https://localhost:{}\"\nca_file = {:?}\n", mine.port, theirs.certificate);
    let server = Server::start_with(&own, &config);
    let log = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "not there"}}]}]}]});
    assert_eq!(Http::connect(&server.otlp_http).post("/v1/logs", &log).0, 200);
    let started = Instant::now();
    let message = loop {
        let links = Http::connect(&server.api).json("/api/v1/status/ingest")["links"].clone();
        if let Some(message) = links[0]["last_error"]["message"].as_str() {
            break message.to_owned();
        }
        assert!(started.elapsed() < PATIENCE, "{links}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(message.contains("TLS: ") && message.contains("certificate"), "{message}");
    let none = own.path().join("none.pem");
    fs::write(&none, "nothing").expect("written");
    fs::write(own.path().join("wrong.toml"), format!("[[forward]]\nendpoint = \"https://localhost\"\nca_file = {none:?}\n"))
        .expect("written");
    let refused = output(fusebox(own.path()).args(["check", "--config", "wrong.toml"]));
    assert_eq!(refused.status.code(), Some(78), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("no certificate that can be trusted"), "{}", stderr(&refused));
}
