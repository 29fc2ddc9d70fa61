//! Writes the address of the fake to a file, for an application elsewhere, such as on the runner outside a container
//! action.

use std::{
    fs,
    io::{self, Write as _},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use tokio::net::UdpSocket;

use super::files::ConfigFiles;
use crate::{
    commands::atomic_write::give_to_owner_of,
    config::Rehearsal,
    problem::{ErrorCode, Place, Problem},
};

/// The file to write the address to.
#[derive(Debug)]
pub(super) struct AddressFile {
    name: String,
    path: PathBuf,
    files: ConfigFiles,
    /// Address that the fake listens on.
    listens: SocketAddr,
    place: Place,
}

/// A written file, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct WrittenAddress {
    path: PathBuf,
    text: String,
}

impl AddressFile {
    /// Returns `None` if no file is configured.
    pub(super) fn from_settings(
        settings: &Rehearsal,
        listens: SocketAddr,
        files: &ConfigFiles,
    ) -> Option<Self> {
        let name = settings.fake.address_file.clone()?;
        Some(Self {
            path: files.path(&name),
            name,
            files: files.clone(),
            listens,
            place: settings.places.section.clone(),
        })
    }

    /// Writes the address at which an application on that host and port can reach the fake. Returns `None` if there is
    /// no route to the host yet.
    pub(super) async fn write(
        &self,
        handler: (&str, u16),
    ) -> Result<Option<WrittenAddress>, Problem> {
        let address = match self.listens.ip() {
            everywhere if everywhere.is_unspecified() => match own_address(handler).await {
                Ok(address) => address,
                Err(error) => {
                    tracing::debug!(%error, "there is no route to the handler yet");
                    return Ok(None);
                }
            },
            one => one,
        };
        let text = format!("http://{}\n", SocketAddr::new(address, self.listens.port()));
        let written = replace(&self.path, &text, &self.files);
        written.map_err(|error| {
            Problem::new(
                ErrorCode::OutputUnwritable,
                format!("the address cannot be written to `{}`: {error}", self.name),
            )
            .hint(
                "`fake.address_file` is relative to the configuration, and its folder \
                 must exist",
            )
            .at(self.place.clone())
        })?;
        Ok(Some(WrittenAddress {
            path: self.path.clone(),
            text,
        }))
    }
}

/// Returns the address of this machine or container as that host sees it. Connecting a UDP socket sends nothing; it
/// only selects a route.
async fn own_address(host: (&str, u16)) -> io::Result<IpAddr> {
    let mut last = None;
    for target in tokio::net::lookup_host(host).await? {
        let from: SocketAddr = if target.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let routed = async {
            let socket = UdpSocket::bind(from).await?;
            socket.connect(target).await?;
            Ok::<_, io::Error>(socket.local_addr()?.ip())
        };
        match routed.await {
            Ok(address) => return Ok(address),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address")))
}

/// Replaces the file atomically. A link of that name is replaced, not followed.
fn replace(path: &Path, text: &str, files: &ConfigFiles) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    files.permit(folder)?;
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut fresh = tempfile_beside(path);
    fresh.push(std::process::id().to_string());
    let written = (|| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        // A file owned by root breaks the next checkout on a self-hosted runner.
        give_to_owner_of(folder, Path::new(&fresh))?;
        fs::rename(&fresh, path)
    })();
    if written.is_err() {
        drop(fs::remove_file(&fresh));
    }
    written
}

fn tempfile_beside(path: &Path) -> std::ffi::OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name
}

impl Drop for WrittenAddress {
    /// Removes the file, unless another rehearsal has replaced it.
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|text| text == self.text) {
            drop(fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, listens: &str) -> AddressFile {
        AddressFile {
            name: "stripe.address".to_owned(),
            path: path.to_owned(),
            files: ConfigFiles::beside(&path.with_file_name("prodverdict.yml"))
                .inside(path.parent().expect("a folder")),
            listens: listens.parse().expect("an address"),
            place: Place {
                path: "prodverdict.yml".to_owned(),
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
            },
        }
    }

    #[tokio::test]
    async fn a_fake_on_all_addresses_is_reachable() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stripe.address");
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").expect("a file");
        std::os::unix::fs::symlink(&victim, &path).expect("a link");
        let written = file(&path, "0.0.0.0:12111")
            .write(("127.0.0.1", 3000))
            .await;
        let written = written.expect("it can be written").expect("a route");
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text, "http://127.0.0.1:12111\n");
        assert_eq!(fs::read_to_string(&victim).expect("text"), "precious");
        drop(written);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[tokio::test]
    async fn an_address_written_by_another_rehearsal_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stripe.address");
        let first = file(&path, "127.0.0.1:1").write(("localhost", 1)).await;
        let second = file(&path, "127.0.0.1:2").write(("localhost", 1)).await;
        drop(first);
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text, "http://127.0.0.1:2\n");
        drop(second);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_or_leads_out_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("none/stripe.address");
        let mut address_file = file(&missing, "127.0.0.1:1");
        let problem = address_file
            .write(("localhost", 1))
            .await
            .expect_err("no folder");
        assert!(problem.text.contains("stripe.address"), "{problem:?}");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).expect("a link");
        address_file.path = folder.path().join("out/stripe.address");
        address_file.files =
            ConfigFiles::beside(&folder.path().join("prodverdict.yml")).inside(folder.path());
        let problem = address_file
            .write(("localhost", 1))
            .await
            .expect_err("outside");
        assert!(
            problem.text.contains("outside the workspace"),
            "{problem:?}"
        );
    }
}
