//! What answers at an address where Postgres was expected.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// What answers in place of Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    Http,
    Tls,
    Other,
}

impl Speaker {
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Http => ": it speaks HTTP",
            Self::Tls => ": it expects TLS from the first byte, as HTTPS does",
            Self::Other => "",
        }
    }

    /// By the first byte that it sends; none for what Postgres may send.
    fn of(byte: u8) -> Option<Self> {
        match byte {
            // Yes, no, and an error before anything else.
            b'S' | b'N' | b'E' => None,
            b'H' => Some(Self::Http),
            // An alert.
            0x15 => Some(Self::Tls),
            _ => Some(Self::Other),
        }
    }
}

/// Who sent the byte that the driver did not expect: it names that byte in hexadecimal digits.
pub(super) fn speaker(message: &str) -> Option<Speaker> {
    let (_, answer) = message.split_once("unexpected response from SSLRequest: 0x")?;
    let byte = u8::from_str_radix(answer.get(..2)?, 16).ok()?;
    Speaker::of(byte)
}

/// The first message of a client that would like TLS, which Postgres answers in one byte.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks who answers where a connection without TLS came to nothing; none where it could be Postgres.
pub(super) async fn probe(host: &str, port: u16) -> Option<Speaker> {
    let asked = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        stream.write_all(&TLS_REQUEST).await.ok()?;
        stream.read_u8().await.ok()
    };
    Speaker::of(timeout(PATIENCE, asked).await.ok()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_is_known_by_its_first_byte() {
        let driver =
            |byte| format!("unexpected response from SSLRequest: 0x{byte:02x} (connection)");
        for (byte, known) in [
            (b'H', Some(Speaker::Http)),
            (0x15, Some(Speaker::Tls)),
            (b'-', Some(Speaker::Other)),
            (b'E', None),
        ] {
            assert_eq!(speaker(&driver(byte)), known);
        }
        assert_eq!(speaker("something else"), None);
    }
}
