//! Who we are to GitHub, so that nobody else's comment is taken for ours.

use serde::Deserialize;

pub(in crate::github) use super::User;
use super::{Call, Client};

/// The author of what the default token writes.
const DEFAULT: &str = "github-actions[bot]";

/// The account behind the token.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::github) struct Author {
    id: Option<u64>,
    login: String,
}

#[derive(Debug, Deserialize)]
struct Reply {
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    viewer: Option<Viewer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Viewer {
    login: Option<String>,
    database_id: Option<u64>,
}

impl Author {
    /// The app that made our check run names its bot for certain; else GraphQL is asked, since installation tokens
    /// may not `GET /user`; where it does not answer, the token is taken for the default one.
    pub(in crate::github) async fn find(client: &mut Client, app: Option<&str>) -> Self {
        if let Some(slug) = app {
            return Self::bot(format!("{slug}[bot]"));
        }
        let reply = client
            .read::<Reply>(Call::graphql("query { viewer { login databaseId } }"))
            .await;
        let viewer = reply.ok().and_then(|reply| reply.data?.viewer);
        match viewer {
            Some(Viewer {
                login: Some(login),
                database_id,
            }) => Self {
                id: database_id,
                login,
            },
            _ => Self::bot(DEFAULT.to_owned()),
        }
    }

    /// The number decides where both sides have one: a user may be called as an app is.
    pub(in crate::github) fn is(&self, user: &User) -> bool {
        let login = user.login.as_deref().unwrap_or_default();
        let is_bot = user.kind.as_deref() == Some("Bot");
        match (self.id, user.id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ if self.login.ends_with("[bot]") => is_bot && login == self.login,
            _ => {
                login == self.login || (is_bot && login.strip_suffix("[bot]") == Some(&self.login))
            }
        }
    }

    /// The name of the app that it is the bot of. An app is asked by GraphQL with and without its ending.
    pub(in crate::github) fn app(&self) -> &str {
        self.login.strip_suffix("[bot]").unwrap_or(&self.login)
    }

    /// As whom it writes.
    pub(in crate::github) fn login(&self) -> &str {
        &self.login
    }

    fn bot(login: String) -> Self {
        Self { id: None, login }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64, login: &str, kind: &str) -> User {
        User {
            id: Some(id),
            login: Some(login.to_owned()),
            kind: Some(kind.to_owned()),
        }
    }

    #[test]
    fn only_the_bot_is_the_bot() {
        let bot = Author::bot(DEFAULT.to_owned());
        assert!(bot.is(&user(41_898_282, "github-actions[bot]", "Bot")));
        assert!(!bot.is(&user(7, "github-actions", "User")));
        assert!(!bot.is(&user(7, "github-actions[bot]", "User")));
        assert!(!bot.is(&user(7, "other[bot]", "Bot")));
    }

    #[test]
    fn a_user_called_like_the_app_is_told_by_number() {
        let viewer = Author {
            id: Some(99),
            login: "prodverdict".to_owned(),
        };
        assert!(viewer.is(&user(99, "prodverdict[bot]", "Bot")));
        assert!(!viewer.is(&user(7, "prodverdict", "User")));
    }
}
