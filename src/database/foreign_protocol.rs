//! Detects the protocol of a server that is not Postgres.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Protocol of a server that is not Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignProtocol {
    Http,
    Tls,
    Other,
}

impl ForeignProtocol {
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Http => ": it speaks HTTP",
            Self::Tls => ": it expects TLS from the first byte, as HTTPS does",
            Self::Other => "",
        }
    }

    /// Recognizes the protocol by the server's first byte; `None` for a byte that Postgres may send.
    fn from_first_byte(byte: u8) -> Option<Self> {
        match byte {
            // TLS accepted, TLS refused, or an early error.
            b'S' | b'N' | b'E' => None,
            b'H' => Some(Self::Http),
            // A TLS alert.
            0x15 => Some(Self::Tls),
            _ => Some(Self::Other),
        }
    }
}

/// Recognizes the protocol from the driver's error, which names the unexpected byte in hexadecimal.
pub(super) fn foreign_protocol(message: &str) -> Option<ForeignProtocol> {
    let (_, answer) = message.split_once("unexpected response from SSLRequest: 0x")?;
    let byte = u8::from_str_radix(answer.get(..2)?, 16).ok()?;
    ForeignProtocol::from_first_byte(byte)
}

/// The message that requests TLS. Postgres answers it with one byte.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

const TIMEOUT: Duration = Duration::from_secs(2);

/// Probes a server when a connection without TLS failed; `None` if it could be Postgres.
pub(super) async fn probe(host: &str, port: u16) -> Option<ForeignProtocol> {
    let exchange = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        stream.write_all(&TLS_REQUEST).await.ok()?;
        stream.read_u8().await.ok()
    };
    ForeignProtocol::from_first_byte(timeout(TIMEOUT, exchange).await.ok()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_recognized_by_its_first_byte() {
        let driver =
            |byte| format!("unexpected response from SSLRequest: 0x{byte:02x} (connection)");
        for (byte, known) in [
            (b'H', Some(ForeignProtocol::Http)),
            (0x15, Some(ForeignProtocol::Tls)),
            (b'-', Some(ForeignProtocol::Other)),
            (b'E', None),
        ] {
            assert_eq!(foreign_protocol(&driver(byte)), known);
        }
        assert_eq!(foreign_protocol("something else"), None);
    }
}
