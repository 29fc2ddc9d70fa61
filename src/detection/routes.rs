//! The URL paths that the files of a Next.js application serve.

use super::Repository;

/// A file that serves requests, and its URL path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub file: String,
    /// URL path, such as `/api/webhooks/stripe`; of a catch-all route, the part before the segment that catches all.
    pub path: String,
    /// True if it also serves everything below its path.
    is_catch_all: bool,
}

impl Route {
    /// Returns true if the route serves this URL path.
    pub fn serves(&self, path: &str) -> bool {
        let rest = path.strip_prefix(&self.path);
        rest.is_some_and(|rest| rest.is_empty() || self.is_catch_all && rest.starts_with('/'))
    }
}

/// Lists the routes of the App Router (`app/**/route.ts`) and the Pages Router (`pages/api/**`). A path with a parameter is
/// left out, unless it catches everything.
pub fn routes(repository: &Repository) -> Vec<Route> {
    repository
        .paths
        .iter()
        .filter_map(|path| route(path))
        .collect()
}

/// Returns the route of the webhook handler: the only one that is named after webhooks, or the only one of those that is
/// named after the provider too.
pub fn webhook_route<'r>(routes: &'r [Route], provider: &str) -> Option<&'r Route> {
    let is_named = |route: &&Route, name: &str| route.path.to_lowercase().contains(name);
    let only = |mut found: Vec<&'r Route>| found.pop().filter(|_| found.is_empty());
    let hooks = routes.iter().filter(|route| !route.is_catch_all);
    let hooks: Vec<_> = hooks.filter(|route| is_named(route, "webhook")).collect();
    let of_provider = hooks.iter().copied();
    let of_provider = of_provider
        .filter(|route| is_named(route, provider))
        .collect();
    only(of_provider).or_else(|| only(hooks))
}

fn route(file: &str) -> Option<Route> {
    let (stem, extension) = file.rsplit_once('.')?;
    if !["ts", "tsx", "js", "jsx", "mts", "mjs"].contains(&extension) {
        return None;
    }
    let parts: Vec<&str> = stem.split('/').collect();
    let below = |folder: &str| {
        let start = parts.iter().position(|part| *part == folder)? + 1;
        parts.get(start..)
    };
    let segments = match (below("app"), below("pages")) {
        (Some([folders @ .., "route"]), _) => folders,
        (_, Some(["api", .., "index"])) => below("pages")?.split_last()?.1,
        (_, Some(segments @ ["api", _, ..])) => segments,
        _ => return None,
    };
    let mut path = String::new();
    for segment in segments {
        let is_group = segment.starts_with('(') && segment.ends_with(')');
        if is_group || segment.starts_with('@') {
            continue;
        }
        if segment.starts_with("[...") || segment.starts_with("[[...") {
            return Some(Route {
                file: file.to_owned(),
                path,
                is_catch_all: true,
            });
        }
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
        if segment.is_empty() || !segment.chars().all(is_plain) {
            return None;
        }
        path.push('/');
        path.push_str(segment);
    }
    Some(Route {
        file: file.to_owned(),
        path,
        is_catch_all: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[&str]) -> Vec<Route> {
        let paths = files.iter().map(|&file| file.to_owned()).collect();
        routes(&Repository {
            paths,
            ..Repository::default()
        })
    }

    #[test]
    fn files_of_both_routers_give_their_paths() {
        for (file, path) in [
            (
                "app/api/webhooks/stripe/route.ts",
                Some("/api/webhooks/stripe"),
            ),
            (
                "apps/web/src/app/(billing)/api/hook/route.js",
                Some("/api/hook"),
            ),
            (
                "src/pages/api/stripe/webhook.ts",
                Some("/api/stripe/webhook"),
            ),
            ("pages/api/webhook/index.ts", Some("/api/webhook")),
            ("app/api/[team]/webhook/route.ts", None),
            ("app/api/we b'hook/route.ts", None),
            ("app/api/webhook/page.tsx", None),
            ("pages/index.tsx", None),
            ("lib/webhook.ts", None),
        ] {
            let found = of(&[file]);
            assert_eq!(found.first().map(|route| &*route.path), path, "{file}");
        }
    }

    #[test]
    fn a_catch_all_route_serves_everything_below_it() {
        let all = of(&["app/api/auth/[...all]/route.ts"]);
        let serves = |path| all.iter().any(|route| route.serves(path));
        assert!(serves("/api/auth/stripe/webhook"));
        assert!(!serves("/api/authors"));
        let one = of(&["app/api/stripe/route.ts"]);
        assert!(one.iter().all(|route| !route.serves("/api/stripe/webhook")));
    }

    #[test]
    fn the_provider_decides_between_several_webhooks() {
        let clerk = "app/api/webhooks/clerk/route.ts";
        let stripe = "app/api/webhooks/stripe/route.ts";
        let found = |files: &[&str]| {
            let routes = of(files);
            webhook_route(&routes, "stripe").map(|route| route.path.clone())
        };
        assert_eq!(
            found(&[clerk, stripe]).as_deref(),
            Some("/api/webhooks/stripe")
        );
        assert_eq!(found(&[clerk]).as_deref(), Some("/api/webhooks/clerk"));
        assert_eq!(found(&[clerk, "app/api/webhook/route.ts"]), None);
        assert_eq!(found(&["app/api/checkout/route.ts"]), None);
    }
}
