//! Writes files atomically, and never through a symbolic link.

use std::{fs, io, path::Path};

/// The owner of a written file.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileOwner<'p> {
    Process,
    /// The owner of this folder: a file owned by root breaks the next checkout on a self-hosted runner.
    OwnerOf(&'p Path),
}

/// Writes a new file, and renames it to the old one. So a reader never sees half a file, and root never writes through
/// a symbolic link in a checkout.
pub(super) fn write(
    path: &Path,
    owner: FileOwner<'_>,
    content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let before = fs::symlink_metadata(path).ok();
    if let Some(before) = &before
        && !before.is_file()
        && !before.is_symlink()
    {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "something other than a file has this name",
        ));
    }
    let fresh = path.with_file_name(format!(".prodverdict-{}", std::process::id()));
    // In a container process ids start at one, so a killed run's leftover has the same name.
    drop(fs::remove_file(&fresh));
    let permissions = before
        .filter(fs::Metadata::is_file)
        .map(|before| before.permissions());
    let written =
        write_fresh(&fresh, owner, permissions, content).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // Removes a half-written file. If it does not exist, that is not another error.
        drop(fs::remove_file(&fresh));
    }
    written
}

fn write_fresh(
    fresh: &Path,
    owner: FileOwner<'_>,
    permissions: Option<fs::Permissions>,
    content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(fresh)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    content(&mut file)?;
    if let FileOwner::OwnerOf(folder) = owner {
        give_to_owner_of(folder, fresh)?;
    }
    Ok(())
}

/// Gives the file to the owner of the folder. Any other user owns it already; only root can change the owner.
#[cfg(unix)]
pub(super) fn give_to_owner_of(folder: &Path, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};

    let owner = fs::metadata(folder)?;
    drop(chown(file, Some(owner.uid()), Some(owner.gid())));
    Ok(())
}

/// On Windows, no container writes as root.
#[cfg(not(unix))]
pub(super) fn give_to_owner_of(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn write(path: &Path, text: &str, owner: FileOwner<'_>) -> io::Result<()> {
        super::write(path, owner, |file| file.write_all(text.as_bytes()))
    }

    const REPORT: &str = "prodverdict-report.json";

    #[test]
    fn a_link_in_the_checkout_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").expect("a file");
        let workspace = folder.path().join("workspace");
        fs::create_dir(&workspace).expect("a folder");
        symlink(&victim, workspace.join(REPORT)).expect("a link");
        write(
            &workspace.join(REPORT),
            "{}",
            FileOwner::OwnerOf(&workspace),
        )
        .expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("text"), "precious");
        assert_eq!(
            fs::read_to_string(workspace.join(REPORT)).expect("text"),
            "{}"
        );
        assert_eq!(fs::read_dir(&workspace).expect("a folder").count(), 1);
    }

    #[test]
    fn a_path_that_is_not_a_file_stays_and_no_temporary_file_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.txt");
        fs::create_dir(&path).expect("a folder");
        let refused = write(&path, "x", FileOwner::Process).expect_err("refused");
        assert_eq!(
            refused.to_string(),
            "something other than a file has this name"
        );
        assert!(write(&folder.path().join("no/such"), "x", FileOwner::Process).is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_file_that_only_its_owner_reads_stays_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.csv");
        fs::write(&path, "older, and longer").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        write(&path, "x", FileOwner::Process).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "x");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn leftovers_of_a_killed_run_do_no_harm() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.md");
        let left = folder
            .path()
            .join(format!(".prodverdict-{}", std::process::id()));
        symlink(folder.path().join("elsewhere"), &left).expect("a link");
        write(&path, "x", FileOwner::Process).expect("written");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
