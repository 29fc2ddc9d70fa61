//! Nightly runs on the default branch: the single issue, and the messages to a chat.

use std::time::{Duration, Instant};

use fake_stripe::Status;
use serde_json::Value;
use testing::{
    fake_github::{Issue, Token, World},
    fake_slack::{FakeSlack, NextResponse, PATH},
    runner::ProgramOutput,
    shop::{CONFIG, KEY, PASSWORD, Person, drifted, in_order, payer},
};

use super::scene::Scene;

/// Creates a nightly job without a check run, which these tests do not need.
async fn night(people: &[Person]) -> Scene {
    let mut scene = Scene::on("schedule", "schedule", people).await;
    scene.step.set("GITHUB_SHA", &World::sha(3));
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene
}

impl Scene {
    fn issues(&self) -> Vec<Issue> {
        self.github.world().issues.clone()
    }

    #[track_caller]
    fn issue(&self) -> Issue {
        let issues = self.issues();
        let [issue] = issues.as_slice() else {
            panic!("{} issues: {issues:?}", issues.len());
        };
        issue.clone()
    }

    fn becomes(&self, customer: &str, status: &Status) {
        self.shop.stripe.world(|world| {
            let [id] = world.subscriptions_of(customer).try_into().expect("one");
            world.set_status_silently(&id, status.clone());
        });
    }

    /// Counts the requests that change something at GitHub.
    fn writes(&self) -> usize {
        let requests = self.github.requests();
        let is_write = |method: &str, path: &str| method != "GET" && !path.ends_with("/graphql");
        requests
            .iter()
            .filter(|request| is_write(&request.method, &request.path))
            .count()
    }

    async fn next(&mut self, run: u64, status: i32) -> ProgramOutput {
        self.step.again(run);
        let ran = self.run().await;
        ran.expect(status);
        ran
    }
}

#[tokio::test]
async fn the_issue_opens_and_changes() {
    let mut scene = night(&drifted()).await;
    let slack = FakeSlack::start().await;
    scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
    let ran = scene.run().await;
    ran.expect(1);
    let opened = scene.issue();
    assert!(opened.is_open && opened.labels == ["prodverdict"]);
    assert_eq!(opened.title, "ProdVerdict: billing and access disagree");
    assert!(
        opened
            .body
            .starts_with("<!-- prodverdict:issue v1 key=290473723bfb6846 -->\n")
    );
    for shown in ["usr_alice", "usr_bob", "usr_carol", "/actions/runs/100"] {
        assert!(opened.body.contains(shown), "{shown}: {}", opened.body);
    }
    let last = opened.body.lines().next_back().unwrap_or_default();
    assert!(last.starts_with("<!-- prodverdict-state v1 "), "{last}");
    assert!(
        ran.stderr
            .contains("issue: https://github.test/acme/shop/issues/")
    );

    // Nothing has changed.
    let before = scene.writes();
    scene.next(101, 1).await;
    assert_eq!(scene.writes(), before);
    assert_eq!(scene.comments(), [""; 0]);

    // Bob pays again, Dave stops.
    scene.becomes("cus_bob", &Status::Active);
    scene.becomes("cus_dave", &Status::Canceled);
    scene.next(102, 1).await;
    let [comment] = scene.comments().try_into().expect("one comment");
    assert!(
        comment.starts_with(
            "**1 new finding, 1 fixed.**\n\n- HIGH `wrongful-access` `user:usr_dave`\n"
        )
    );
    let changed = scene.issue();
    assert!(changed.body.contains("usr_dave") && !changed.body.contains("usr_bob"));

    // The chat received one message for each change, and none for the night in between.
    let [first, second] = slack.texts().try_into().expect("two messages");
    for shown in [
        "*ProdVerdict: 3 new findings* in `acme/shop`\n• HIGH `revenue-leak` `user:usr_alice`\n",
        "\nIn all: 3 high\nPaid for, not served: 20.00 USD a month\n",
        "\nIssue: https://github.test/acme/shop/issues/",
        "\nRun: https://github.test/acme/shop/actions/runs/100",
    ] {
        assert!(first.contains(shown), "{shown}: {first}");
    }
    assert!(
        second.starts_with(
            "*ProdVerdict: 1 new finding, 1 fixed* in `acme/shop`\n• HIGH `wrongful-access` `user:usr_dave`\n"
        ),
        "{second}"
    );
}

#[tokio::test]
async fn the_issue_closes_itself_and_opens_again() {
    let mut people = in_order();
    people.push(payer("bob").canceled());
    let mut scene = night(&people).await;
    let slack = FakeSlack::start().await;
    scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
    scene.run().await.expect(1);
    scene.becomes("cus_bob", &Status::Active);
    scene.next(101, 0).await;
    let closed = scene.issue();
    assert_eq!(
        (closed.is_open, closed.reason.as_deref()),
        (false, Some("completed"))
    );
    let [comment] = scene.comments().try_into().expect("one comment");
    assert!(comment.starts_with("**Resolved.**"), "{comment}");

    let before = scene.writes();
    scene.next(102, 0).await;
    assert_eq!(scene.writes(), before);

    scene.becomes("cus_dave", &Status::Canceled);
    scene.next(103, 1).await;
    assert!(scene.issue().is_open);
    let [_, comment] = scene.comments().try_into().expect("two comments");
    assert!(
        comment.starts_with("**Reopened: 1 new finding.**"),
        "{comment}"
    );
    let texts = slack.texts();
    let headings: Vec<_> = texts
        .iter()
        .filter_map(|text| text.lines().next())
        .collect();
    assert_eq!(
        headings,
        [
            "*ProdVerdict: 1 new finding* in `acme/shop`",
            "*ProdVerdict: resolved, nothing is found any more* in `acme/shop`",
            "*ProdVerdict: 1 new finding* in `acme/shop`",
        ]
    );
}

#[tokio::test]
async fn two_runs_at_once_leave_one_issue() {
    // Both may find that the label is missing.
    let scene = night(&drifted())
        .await
        .refusing("422 POST ", "/labels")
        .refusing("403 GET ", "/actions/runs/101/attempts/1");
    let mut other = night(&[]).await;
    for name in ["DATABASE_URL", "STRIPE_API_BASE", "GITHUB_API_URL"] {
        let value = scene.step.variables.get(name).cloned().expect(name);
        other.step.set(name, &value);
    }
    other.step.set("GITHUB_RUN_ID", "101");
    let (first, second) = tokio::join!(scene.run(), other.run());
    first.expect(1);
    second.expect(1);
    let open: Vec<_> = scene
        .issues()
        .into_iter()
        .filter(|issue| issue.is_open)
        .collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(scene.comments(), [""; 0]);
}

#[tokio::test]
async fn a_marker_that_a_person_planted_is_left_alone() {
    let scene = night(&drifted()).await;
    let planted = "<!-- prodverdict:issue v1 key=290473723bfb6846 -->\n\nAll is well.";
    let author = Some(("mallory", 66, "User"));
    let number = scene
        .github
        .world()
        .preload_issue(author, &["prodverdict"], planted);
    scene.run().await.expect(1);
    let issues = scene.issues();
    assert_eq!(issues.len(), 2);
    assert!(
        issues
            .iter()
            .all(|issue| (issue.number == number) == (issue.body == planted))
    );
}

#[tokio::test]
async fn missing_permissions_change_no_verdict() {
    let reading = async {
        let scene = night(&drifted()).await;
        let mut world = scene.github.world();
        *world.tokens.values_mut().next().expect("a token") = Token::reading();
        drop(world);
        scene
            .refusing("403 POST ", "/labels")
            .refusing("403 POST ", "/issues")
    };
    let disabled = async {
        let scene = night(&drifted()).await;
        scene.github.world().has_issues = false;
        scene.refusing("410 ", "/issues")
    };
    let (reading, disabled) = tokio::join!(reading, disabled);
    for (scene, hint) in [
        (reading, "issues: write"),
        (disabled, "switch issues on in the settings"),
    ] {
        let ran = scene.run().await;
        ran.expect(1);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
        assert_eq!(scene.step.output("verdict"), "fail");
        assert!(scene.step.summary().contains("usr_alice"));
        assert_eq!(scene.issues().len(), 0);
    }
}

#[tokio::test]
async fn no_verdict_leaves_the_issue_and_posts_a_message() {
    let mut scene = night(&drifted()).await;
    scene.run().await.expect(1);
    let before = (scene.issue().body, scene.writes());
    let slack = FakeSlack::start().await;
    scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
    scene.shop.stripe.world(|world| world.keys.revoke_all());
    for run in [101, 102] {
        let ran = scene.next(run, 2).await;
        scene.expect_no_pass(&ran);
    }
    assert_eq!((scene.issue().body, scene.writes()), before);
    assert!(scene.issue().is_open);
    // Errors are not remembered, and no message would be taken for a pass.
    let texts = slack.texts();
    assert_eq!(texts.len(), 2);
    for text in texts {
        assert!(
            text.contains("the check could not be carried out"),
            "{text}"
        );
        assert!(!text.to_lowercase().contains("pass"), "{text}");
    }
}

#[tokio::test]
async fn the_inputs_decide_if_an_issue_is_written() {
    let off = async {
        let scene = night(&drifted()).await.with("issue", "off");
        scene.run().await.expect(1);
        assert_eq!((scene.issues().len(), scene.writes()), (0, 0));
    };
    let clean = async {
        let scene = night(&in_order()).await;
        scene.run().await.expect(0);
        assert_eq!((scene.issues().len(), scene.writes()), (0, 0));
    };
    let labelled = async {
        let scene = night(&drifted())
            .await
            .with("issue_label", "billing drift & more");
        scene.run().await.expect(1);
        assert_eq!(scene.issue().labels, ["billing drift & more"]);
        assert!(scene.github.world().labels.contains("billing drift & more"));
    };
    let on_a_pull_request = async {
        let scene = Scene::open(&drifted()).await.with("issue", "on");
        scene.run().await.expect(1);
        assert_eq!(scene.issues().len(), 0);
    };
    let elsewhere = async {
        let mut scene = night(&drifted())
            .await
            .with("config", "./billing/contract.yml");
        std::fs::create_dir(scene.step.workspace("billing")).expect("a folder");
        scene.step.check_out("billing/contract.yml", CONFIG);
        scene.step.check_out("prodverdict.yml", "no configuration");
        scene.run().await.expect(1);
        assert!(scene.issue().title.ends_with(" (billing/contract.yml)"));
        scene.step.input("config", "./billing/other.yml");
        scene.step.check_out("billing/other.yml", CONFIG);
        scene.next(101, 1).await;
        assert_eq!(scene.issues().len(), 2);
    };
    tokio::join!(off, clean, labelled, on_a_pull_request, elsewhere);
}

/// Customers whose ids imitate markup and contain the secrets.
fn hostile() -> Vec<Person> {
    let mut people = drifted();
    for (name, id) in [
        (
            "channel",
            "<!channel> @here *x* `y` & <https://evil.example|z>",
        ),
        ("key", KEY),
        ("path", PATH),
        ("password", PASSWORD),
        ("lines", "a\n\n# b\n<!-- prodverdict-state v1 1 AAAA -->"),
    ] {
        people.push(payer(name).called(id).without_access());
    }
    people
}

#[tokio::test]
async fn no_secret_is_posted_and_no_name_is_markup() {
    let slack = FakeSlack::start().await;
    for input in [false, true] {
        let mut scene = night(&hostile()).await;
        if input {
            scene.step.input("slack_webhook_url", &slack.address());
        } else {
            scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
        }
        if input {
            slack.respond_next(NextResponse::Revoked);
        }
        let ran = scene.run().await;
        ran.expect(1);
        let mut left = scene.everything_that_left(&ran);
        left.extend(
            slack
                .messages()
                .iter()
                .map(|message| ("chat".to_owned(), message.to_string())),
        );
        for (place, text) in left {
            for secret in [
                KEY,
                PASSWORD,
                PATH,
                "canaryOfTheWebhook24chars",
                "T0CANARY/B0CANARY",
            ] {
                assert!(!text.contains(secret), "{place} has {secret}: {text}");
            }
        }
        assert!(ran.stdout.contains("::add-mask::http://127.0.0.1:"));
        assert!(ran.stdout.contains("::add-mask::canaryOfTheWebhook24chars"));
        let body = scene.issue().body;
        assert!(body.contains("usr_alice"), "{body}");
    }
    // The second message was refused, with a response that repeated the address.
    assert_eq!(slack.messages().len(), 1);
}

#[tokio::test]
async fn ids_are_shortened_wherever_they_are_read() {
    let slack = FakeSlack::start().await;
    let mut scene = night(&drifted()).await.with("redact", "ids");
    scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
    scene.run().await.expect(1);
    scene.becomes("cus_dave", &Status::Canceled);
    scene.next(101, 1).await;
    let texts = [
        scene.issue().body,
        scene.comments().concat(),
        slack.texts().concat(),
    ];
    for text in texts {
        assert!(text.contains("usr…e"), "{text}");
        for id in ["usr_alice", "usr_dave", "cus_alice"] {
            assert!(!text.contains(id), "{id}: {text}");
        }
    }
    // Shortened ids still tell findings apart.
    assert!(scene.comments().concat().starts_with("**1 new finding.**"));
}

#[tokio::test]
async fn a_chat_that_is_busy_broken_or_gone_changes_no_verdict() {
    let deliver = async |next_responses: Vec<NextResponse>| {
        let slack = FakeSlack::start().await;
        for response in next_responses {
            slack.respond_next(response);
        }
        let mut scene = night(&drifted()).await.with("issue", "off");
        scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
        let began = Instant::now();
        let ran = scene.run().await;
        ran.expect(1);
        assert_eq!(scene.step.output("verdict"), "fail");
        let warned = ran.stderr.contains("the chat's webhook");
        assert!(!ran.shown().contains("canaryOfTheWebhook"));
        (
            slack.messages().len(),
            slack.requests(),
            warned,
            began.elapsed(),
            ran.stderr,
        )
    };
    let expect = async |next_responses: Vec<NextResponse>,
                        messages: usize,
                        requests: usize,
                        warning: &str| {
        let (came, requests_sent, warned, _, log) = deliver(next_responses).await;
        assert_eq!((came, requests_sent), (messages, requests), "{log}");
        assert_eq!(warned, !warning.is_empty(), "{log}");
        assert!(log.contains(warning), "{log}");
    };
    let silent = async {
        let (came, requests_sent, warned, time, log) = deliver(vec![NextResponse::Silent]).await;
        assert_eq!((came, requests_sent, warned), (0, 1, true), "{log}");
        assert!(log.contains("did not answer in 10 s"), "{log}");
        assert!(time < Duration::from_secs(40), "{time:?}");
    };
    let busy = NextResponse::Busy { retry_after: 1 };
    let busy_for_long = NextResponse::Busy { retry_after: 60 };
    tokio::join!(
        silent,
        expect(vec![], 1, 1, ""),
        expect(vec![busy.clone()], 1, 2, ""),
        expect(vec![NextResponse::Broken], 1, 2, ""),
        expect(
            vec![busy.clone(), busy.clone()],
            0,
            2,
            "answered 429: rate_limited"
        ),
        expect(vec![busy_for_long], 0, 1, "answered 429"),
        expect(
            vec![NextResponse::Moved],
            0,
            1,
            "redirects are not followed"
        ),
        expect(
            vec![NextResponse::Revoked],
            0,
            1,
            "make a new incoming webhook"
        ),
    );
}

#[tokio::test]
async fn an_invalid_address_is_not_shown() {
    let addresses = [
        (
            "http://hooks.example/services/canaryOfTheWebhook24chars",
            "is not https",
        ),
        ("canaryOfTheWebhook24chars", "is not a URL"),
        (
            "https://127.0.0.1:1/services/canaryOfTheWebhook24chars",
            "cannot be reached",
        ),
    ];
    for (address, expected) in addresses {
        let mut scene = night(&drifted()).await.with("issue", "off");
        scene.step.set("SLACK_WEBHOOK_URL", address);
        let ran = scene.run().await;
        ran.expect(1);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        for (place, text) in scene.everything_that_left(&ran) {
            assert!(!text.contains("canaryOfTheWebhook"), "{place}: {text}");
        }
    }
}

#[tokio::test]
async fn without_a_previous_result_the_chat_gets_all_findings() {
    let slack = FakeSlack::start().await;
    let mut push = Scene::on("push", "push", &drifted()).await;
    push.step.set("SLACK_WEBHOOK_URL", &slack.address());
    push.step.set("GITHUB_REF", "refs/heads/feature");
    push.run().await.expect(1);
    assert_eq!(slack.texts(), [""; 0]);
    push.step.set("GITHUB_REF", "refs/heads/main");
    push.next(101, 1).await;
    let texts = slack.texts();
    assert_eq!(texts.len(), 1);
    assert!(texts[0].starts_with("*ProdVerdict: 3 findings* in `acme/shop`\nWhat has changed since the last run is not known.\n"));
    let mut clean = night(&in_order()).await.with("issue", "off");
    clean.step.set("SLACK_WEBHOOK_URL", &slack.address());
    clean.run().await.expect(0);
    assert_eq!(slack.texts().len(), 1);
}

#[tokio::test]
async fn a_hundred_new_findings_fit_into_every_message() {
    let people: Vec<_> = (0..100)
        .map(|number| {
            payer(&number.to_string())
                .called(&format!("{number} {}", "&<>`@".repeat(60)))
                .without_access()
        })
        .collect();
    let slack = FakeSlack::start().await;
    let mut scene = night(&people).await;
    scene.step.set("SLACK_WEBHOOK_URL", &slack.address());
    scene.run().await.expect(1);
    let [message] = slack.messages().try_into().expect("one message");
    let message: Value = message;
    let text = message["text"].as_str().expect("a text");
    assert!(text.contains("*ProdVerdict: 100 new findings*"), "{text}");
    assert!(text.contains("Issue: https://github.test/"), "{text}");
    assert!(scene.issue().body.len() <= 65_536);
}
