//! Just enough HTTP/1.1 to time an answer.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// One connection, kept open.
pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Client {
    /// # Panics
    /// When nobody listens.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self { stream: BufReader::new(stream), host: address.to_owned() }
    }

    /// Status and body.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.ask(head.as_bytes())
    }

    /// As [`Self::get`], with a body of JSON.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn post(&mut self, path: &str, json: &str) -> (u16, Vec<u8>) {
        self.post_bytes(path, "application/json", json.as_bytes())
    }

    /// As [`Self::get`], with a body of any kind.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn post_bytes(&mut self, path: &str, content_type: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.ask(&[head.as_bytes(), body].concat())
    }

    fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.get_mut().write_all(request).expect("an open connection");
        let (mut status, mut length) = (0, None);
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().expect("a status");
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(value.trim().parse::<usize>().expect("a length"));
            }
        }
        let body = match length {
            Some(length) => self.bytes(length),
            None => self.chunks(),
        };
        (status, body)
    }

    /// The body of an answer that does not know its length beforehand.
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.line().split(';').next().unwrap_or_default(), 16).expect("a length");
            body.extend(self.bytes(length));
            self.line();
            if length == 0 {
                return body;
            }
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("a body");
        bytes
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        line.trim_end().to_owned()
    }
}
