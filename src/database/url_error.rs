//! Errors of a database URL, with hints.

use super::url_mistake::Mistake;

/// The reason why a database URL cannot be used. No text shows a value of the URL.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    #[error("it is empty")]
    Empty,
    #[error("it is not of the form `postgres://user:password@host:5432/database`")]
    Form,
    #[error("{0}")]
    Mistake(Mistake),
    #[error("a character of its password must be percent-encoded")]
    Unencoded,
    #[error("it names no {0}")]
    Missing(&'static str),
    #[error("its `{0}` cannot be used")]
    Parameter(&'static str),
    #[error("its parameter{} is unknown, and may change what is read", QuotedName(.0.as_deref()))]
    /// With its name, unless that might be a part of the password.
    UnknownParameter(Option<String>),
    #[error("its `{0}` and its `{1}` both say where to look for tables")]
    TwoSearchPaths(&'static str, &'static str),
    #[error("the file of its `sslrootcert` cannot be read")]
    RootCertificate(#[source] std::io::Error),
}

struct QuotedName<'a>(Option<&'a str>);

impl std::fmt::Display for QuotedName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, " `{name}`"))
    }
}

impl UrlError {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Empty => {
                "set it to `postgres://user:password@host:5432/database`, from a secret"
            }
            Self::Form | Self::Missing(_) => {
                "write it as `postgres://user:password@host:5432/database`; `/`, `?`, `#`, `@` and `%` in the password \
                 are percent-encoded (`%2F`, `%3F`, `%23`, `%40`, `%25`)"
            }
            Self::Mistake(mistake) => return mistake.hint(),
            Self::Unencoded => {
                "`/`, `?`, `#`, `@` and `%` in the password are written as `%2F`, `%3F`, `%23`, `%40`, `%25`"
            }
            Self::Parameter("schema" | "search_path") => {
                "`schema` is the name of one schema; `search_path` is a list of names, as in `app,public`"
            }
            Self::Parameter(_) => {
                "`sslmode` is one of disable, allow, prefer, require, verify-ca, verify-full; `sslcert` and `sslkey` go \
                 together; `port` is a number"
            }
            Self::UnknownParameter(_) => {
                "remove it if the database does not need it; write a session setting as `options=-c%20name%3Dvalue`, \
                 and the schema as `schema=name`"
            }
            Self::TwoSearchPaths(..) => "keep the one that the application uses",
            Self::RootCertificate(_) => {
                "give the path as the program sees it: inside a container action the repository is at \
                 `/github/workspace`"
            }
        }
        .to_owned()
    }
}
