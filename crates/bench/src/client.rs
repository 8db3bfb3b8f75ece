//! A minimal HTTP/1.1 client on a blocking socket: one request at a time on a connection that is kept open.
//!
//! Reads bodies by `Content-Length`, in chunks, or to the end of the stream. Follows nothing, decompresses
//! nothing. A server that does not answer within 60 seconds counts as hung.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::BenchError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request's bytes. `Host` and `Content-Length` are put in; `headers` may hold anything else.
#[must_use]
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: tradewind\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An answer; it lives in its connection's memory until the next request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The status line and the headers, as sent.
    pub head: &'a str,
    /// The body, chunks put together.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The value of a header, its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    chunks: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`BenchError::Io`] when nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).map_err(BenchError::io("connect"))?;
        stream.set_nodelay(true).map_err(BenchError::io("set up a connection"))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(BenchError::io("set up a connection"))?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(BenchError::io("set up a connection"))?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10), chunks: Vec::new() })
    }

    /// Sends a request's bytes and reads the answer. Where the server answers before it has read all of the
    /// request, that answer is given.
    ///
    /// # Errors
    /// [`BenchError`] when the connection breaks, nothing comes in time, or it is no HTTP.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, BenchError> {
        match self.stream.write_all(request) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Err(BenchError::Io { what: "send a request", source: error })
            }
            _ => self.receive(),
        }
    }

    /// Sends bytes that are no whole request, says that no more will come, and reads what is answered, if
    /// anything is.
    ///
    /// # Errors
    /// [`BenchError`] when nothing comes in time, or it is no HTTP.
    pub fn break_off(&mut self, bytes: &[u8]) -> Result<Answer<'_>, BenchError> {
        self.stream.write_all(bytes).map_err(BenchError::io("send a request"))?;
        self.stream.shutdown(Shutdown::Write).map_err(BenchError::io("end a request"))?;
        self.receive()
    }

    fn receive(&mut self) -> Result<Answer<'_>, BenchError> {
        self.buffer.clear();
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.fill()? == 0 {
                return Err(BenchError::Answer("the connection was closed without one"));
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_end])
            .map_err(|_| BenchError::Answer("its head is not UTF-8"))?;
        let status: u16 = head
            .get(9..12)
            .and_then(|digits| digits.parse().ok())
            .ok_or(BenchError::Answer("it has no status"))?;
        let length = header(head, "content-length").and_then(|v| v.parse::<usize>().ok());
        let chunked = header(head, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
        let start = head_end + 4;
        match length {
            _ if status == 204 || status == 304 => self.buffer.truncate(start),
            Some(length) => {
                while self.buffer.len() < start + length {
                    if self.fill()? == 0 {
                        return Err(BenchError::Answer("its body broke off"));
                    }
                }
            }
            None if chunked => self.read_chunks(start)?,
            None => while self.fill()? > 0 {},
        }
        let head = std::str::from_utf8(&self.buffer[..head_end]).unwrap_or_default();
        let body = if chunked { &self.chunks[..] } else { &self.buffer[start..] };
        Ok(Answer { status, head, body })
    }

    fn read_chunks(&mut self, mut at: usize) -> Result<(), BenchError> {
        self.chunks.clear();
        loop {
            let line = loop {
                if let Some(end) = find(&self.buffer[at..], b"\r\n") {
                    break at..at + end;
                }
                if self.fill()? == 0 {
                    return Err(BenchError::Answer("its chunks broke off"));
                }
            };
            let size = std::str::from_utf8(&self.buffer[line.clone()])
                .ok()
                .and_then(|hex| usize::from_str_radix(hex.trim(), 16).ok())
                .ok_or(BenchError::Answer("a chunk's size does not read"))?;
            let start = line.end + 2;
            while self.buffer.len() < start + size + 2 {
                if self.fill()? == 0 {
                    return Err(BenchError::Answer("a chunk broke off"));
                }
            }
            if size == 0 {
                return Ok(());
            }
            self.chunks.extend_from_slice(&self.buffer[start..start + size]);
            at = start + size + 2;
        }
    }

    fn fill(&mut self) -> Result<usize, BenchError> {
        let mut bytes = [0; 16 << 10];
        let count = loop {
            match self.stream.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(BenchError::io("read an answer"))?,
            }
        };
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn answered(bytes: &'static [u8]) -> (SocketAddr, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = [0; 1024];
            assert!(stream.read(&mut seen).unwrap() > 0);
            for piece in bytes.chunks(7) {
                stream.write_all(piece).unwrap();
            }
        });
        (address, server)
    }

    #[track_caller]
    fn check(bytes: &'static [u8], status: u16, body: &str) {
        let (address, server) = answered(bytes);
        let mut client = Client::connect(address).unwrap();
        let answer = client.exchange(&request("GET", "/", &[("a", "b")], b"")).unwrap();
        assert_eq!((answer.status, std::str::from_utf8(answer.body).unwrap()), (status, body));
        server.join().unwrap();
    }

    #[test]
    fn every_kind_of_body() {
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello");
        check(
            b"HTTP/1.1 404 x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
            404,
            "hello world",
        );
        check(b"HTTP/1.1 204 No Content\r\n\r\n", 204, "");
        check(b"HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\nto the end", 400, "to the end");
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let (address, server) = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello");
        let mut client = Client::connect(address).unwrap();
        assert!(client.exchange(&request("GET", "/", &[], b"")).is_err());
        server.join().unwrap();
    }
}
