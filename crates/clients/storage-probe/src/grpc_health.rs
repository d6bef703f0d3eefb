//! Asks a gRPC server whether it serves, by the standard health protocol and nothing else.
//!
//! One unary call needs no library: the frames of RFC 9113, headers without compression (RFC 7541 §6.2.2), and a
//! message with one field. So the question depends on nothing that the stack under test is made of.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: Duration = Duration::from_secs(5);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Larger than any answer to this question.
const MAX_FRAME: usize = 16_384;

mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const SETTINGS: u8 = 4;
    pub const GO_AWAY: u8 = 7;
}

mod flag {
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
}

/// What a gRPC server says of one of its services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServingStatus {
    /// It works.
    Serving,
    /// It is there and does not work.
    NotServing,
}

/// Asks the server at `host:port` about one of its services. Fails when it does not answer, and when it does not know
/// the service.
pub async fn grpc_health(address: &str, service: &str) -> anyhow::Result<ServingStatus> {
    let answer = tokio::time::timeout(LIMIT, ask(address, service)).await;
    answer.with_context(|| format!("{address} gave no answer within {} s", LIMIT.as_secs()))?
}

async fn ask(address: &str, service: &str) -> anyhow::Result<ServingStatus> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("{address} cannot be reached"))?;
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", address),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let mut headers = Vec::new();
    for (name, value) in fields {
        headers.push(0);
        for text in [name, value] {
            headers.push(u8::try_from(text.len()).ok().filter(|length| *length < 0x7f).context("a short text")?);
            headers.extend(text.as_bytes());
        }
    }
    let length = u8::try_from(service.len()).ok().filter(|length| *length < 0x80).context("a short name")?;
    let mut message = vec![0, 0, 0, 0, length + 2, 0x0a, length];
    message.extend(service.as_bytes());

    let mut question = PREFACE.to_vec();
    question.extend(frame(kind::SETTINGS, 0, 0, &[])?);
    question.extend(frame(kind::HEADERS, flag::END_HEADERS, 1, &headers)?);
    question.extend(frame(kind::DATA, flag::END_STREAM, 1, &message)?);
    stream.write_all(&question).await?;

    let mut body = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.context("the connection ended before an answer")?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (kind, flags, number) = (head[3], head[4], head[8]);
        ensure!(length <= MAX_FRAME, "a frame of {length} bytes: the server at {address} speaks something else");
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        match kind {
            kind::SETTINGS if flags & flag::ACK == 0 => {
                stream.write_all(&frame(kind::SETTINGS, flag::ACK, 0, &[])?).await?;
            }
            kind::DATA if number == 1 => body.extend(payload),
            kind::GO_AWAY => bail!("the server at {address} refused the connection: {payload:?}"),
            _ => {}
        }
        if number == 1 && matches!(kind, kind::DATA | kind::HEADERS) && flags & flag::END_STREAM != 0 {
            break;
        }
    }
    // Five bytes of length, then `status` as field 1.
    match body.get(5..).unwrap_or_default() {
        [0x08, 1] => Ok(ServingStatus::Serving),
        [0x08, 2] => Ok(ServingStatus::NotServing),
        _ => bail!("{address} does not know the service {service:?}; it answered {body:?}"),
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
    let [high, low] = u16::try_from(payload.len()).context("a short frame")?.to_be_bytes();
    let mut frame = vec![0, high, low, kind, flags, 0, 0, 0, stream];
    frame.extend(payload);
    Ok(frame)
}
