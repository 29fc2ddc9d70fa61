//! The GitHub account behind the token, which distinguishes this action's texts from others with the same marker.

use serde::Deserialize;

use super::client::{Call, Client};

/// Author of anything written with the default token.
const DEFAULT: &str = "github-actions[bot]";

/// The author of a comment or an issue.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    login: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// The account behind the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    id: Option<u64>,
    login: String,
    /// True if the account is unknown and assumed to be that of the default token.
    is_assumed: bool,
}

/// The account behind the token, which is looked up at most once.
#[derive(Debug, Default)]
pub(super) struct Identity(Option<Author>);

impl Identity {
    /// Records the app of the token, which GitHub names in its response to a new check run. The author is the app's
    /// bot.
    pub(super) fn learn_app(&mut self, slug: Option<&str>) {
        if let Some(slug) = slug
            && self.is_unknown()
        {
            self.0 = Some(Author::bot(format!("{slug}[bot]")));
        }
    }

    /// Records the author of something that was just written with the token.
    pub(super) fn learn_user(&mut self, user: Option<&User>) {
        if let Some(user) = user
            && let Some(login) = &user.login
            && self.is_unknown()
        {
            self.0 = Some(Author {
                id: user.id,
                login: login.clone(),
                is_assumed: false,
            });
        }
    }

    /// Returns the account. If it is unknown, it is queried through GraphQL, because installation tokens may not use
    /// `GET /user`. If that fails too, the token is assumed to be the default one.
    pub(super) async fn author(&mut self, client: &mut Client) -> &Author {
        let author = match self.0.take() {
            Some(author) => author,
            None => Author::ask(client).await,
        };
        self.0.insert(author)
    }

    fn is_unknown(&self) -> bool {
        self.0.as_ref().is_none_or(|author| author.is_assumed)
    }
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
    async fn ask(client: &mut Client) -> Self {
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
                is_assumed: false,
            },
            _ => Self {
                is_assumed: true,
                ..Self::bot(DEFAULT.to_owned())
            },
        }
    }

    /// Returns true if the account is unknown and only assumed.
    pub(super) fn is_assumed(&self) -> bool {
        self.is_assumed
    }

    /// Compares by id if both sides have one, because a user may have the same name as an app.
    pub(super) fn is(&self, user: &User) -> bool {
        let login = user.login.as_deref().unwrap_or_default();
        let is_bot = user.kind.as_deref() == Some("Bot");
        match (self.id, user.id) {
            (Some(own_id), Some(user_id)) => own_id == user_id,
            _ if self.login.ends_with("[bot]") => is_bot && login == self.login,
            _ => {
                login == self.login || (is_bot && login.strip_suffix("[bot]") == Some(&self.login))
            }
        }
    }

    /// Returns the slug of the app. GraphQL returns an app's login with or without `[bot]`.
    pub(super) fn app(&self) -> &str {
        self.login.strip_suffix("[bot]").unwrap_or(&self.login)
    }

    /// Returns the login of the account.
    pub(super) fn login(&self) -> &str {
        &self.login
    }

    fn bot(login: String) -> Self {
        Self {
            id: None,
            login,
            is_assumed: false,
        }
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
    fn a_user_with_the_name_of_the_app_is_distinguished_by_id() {
        let viewer = Author {
            id: Some(99),
            login: "prodverdict".to_owned(),
            is_assumed: false,
        };
        assert!(viewer.is(&user(99, "prodverdict[bot]", "Bot")));
        assert!(!viewer.is(&user(7, "prodverdict", "User")));
    }
}
