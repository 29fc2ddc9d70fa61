//! The JSON report where a later step of the job finds it: in the workspace, owned like the workspace.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
};

/// Writes the report over an older one. It goes to a new file first that is then renamed: a link of that name in the
/// checkout would lead the report, written as root, to wherever it points.
pub(super) fn write(workspace: &Path, name: &str, json: &str) -> io::Result<()> {
    let path = workspace.join(name);
    let fresh = workspace.join(format!(".{name}.{}", std::process::id()));
    let written = write_fresh(workspace, &fresh, json).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // Nothing of a half-written report is left; that it may not be there at all is no second error.
        drop(fs::remove_file(&fresh));
    }
    written
}

fn write_fresh(workspace: &Path, fresh: &Path, json: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(fresh)?;
    io::Write::write_all(&mut file, json.as_bytes())?;
    let owner = fs::metadata(workspace)?;
    // A file of root's breaks the next checkout on a self-hosted runner; who is not root owns it already.
    drop(chown(fresh, Some(owner.uid()), Some(owner.gid())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "prodverdict-report.json";

    #[test]
    fn a_link_in_the_checkout_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").expect("a file");
        let workspace = folder.path().join("workspace");
        fs::create_dir(&workspace).expect("a folder");
        std::os::unix::fs::symlink(&victim, workspace.join(REPORT)).expect("a link");
        write(&workspace, REPORT, "{}").expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("text"), "precious");
        assert_eq!(
            fs::read_to_string(workspace.join(REPORT)).expect("text"),
            "{}"
        );
        assert_eq!(fs::read_dir(&workspace).expect("a folder").count(), 1);
    }
}
