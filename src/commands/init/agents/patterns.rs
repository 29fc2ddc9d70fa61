//! Patterns for the files below paths of billing code.

/// Returns each path, and the files below it: a pattern matches those of a folder only with `/**` at its end.
pub(super) fn patterns(paths: &[String]) -> impl Iterator<Item = String> {
    paths.iter().flat_map(|path| {
        let below = (!path.ends_with("/**")).then(|| format!("{path}/**"));
        [Some(path.clone()), below].into_iter().flatten()
    })
}
