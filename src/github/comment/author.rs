//! The GitHub account behind the token. It distinguishes our own comments from others with the same marker.

use serde::Deserialize;

pub(in crate::github) use super::User;
use super::{Call, Client};

/// Author of anything written with the default token.
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
    /// Finds the account. If our check run names its app, that app's bot is the author. Otherwise GraphQL is asked,
    /// because installation tokens may not use `GET /user`. If that fails too, the token is assumed to be the default
    /// one.
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

    /// Compares by id if both sides have one, because a user may have the same name as an app.
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

    /// Returns the slug of the app. GraphQL returns an app's login with or without `[bot]`.
    pub(in crate::github) fn app(&self) -> &str {
        self.login.strip_suffix("[bot]").unwrap_or(&self.login)
    }

    /// Returns the login of the account.
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
