//! The keys of a rehearsal that depend on the provider: defaults, and keys that only the other one has.

use contract::Source;
use problem::ErrorCode;

use super::super::super::{
    diagnostics::{DiagnosticDraft, Diagnostics},
    entry::{Entry, SourceSpan},
    rehearsal::{Fake, RawRehearsal},
};

/// Returns the default variable of the webhook secret.
pub(super) fn default_secret_variable(source: Source) -> &'static str {
    match source {
        Source::Paddle => "PADDLE_WEBHOOK_SECRET",
        Source::Stripe | Source::StripeEntitlements => "STRIPE_WEBHOOK_SECRET",
    }
}

/// Returns the default address of the fake provider. The ports differ, so that both fakes can run at once.
pub(super) fn default_address(source: Source) -> &'static str {
    match source {
        Source::Paddle => "127.0.0.1:12112",
        Source::Stripe | Source::StripeEntitlements => "127.0.0.1:12111",
    }
}

/// Returns the key `fake`, or else `fake_stripe`, its earlier name.
pub(super) fn fake_key<'w>(
    written: &'w RawRehearsal,
    diagnostics: &Diagnostics<'_>,
) -> &'w Entry<Fake> {
    if written.fake.is_absent() {
        return &written.fake_stripe;
    }
    if let Some((span, _)) = written.fake_stripe.written() {
        let message = "`fake` and `fake_stripe` are the same key";
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message);
        diagnostics.add_at(draft.help("keep `fake`"), span);
    }
    &written.fake
}

/// Reports the keys that only the other provider has.
pub(super) fn report_keys_of_other_provider(
    written: &RawRehearsal,
    source: Source,
    diagnostics: &Diagnostics<'_>,
) {
    let checkout = written.checkout.value();
    let stripe_keys = [
        ("api_version", span(&written.api_version)),
        ("api_versions", span(&written.api_versions)),
        (
            "subscription_metadata",
            span(&written.subscription_metadata),
        ),
        (
            "client_reference_id",
            checkout.and_then(|one| span(&one.client_reference_id)),
        ),
        ("metadata", checkout.and_then(|one| span(&one.metadata))),
    ];
    let paddle_keys = [(
        "custom_data",
        checkout.and_then(|one| span(&one.custom_data)),
    )];
    let (unused_keys, other, help): (&[_], _, _) = match source {
        Source::Paddle => (
            &stripe_keys,
            "Stripe",
            "with Paddle, `checkout.custom_data` says which account a purchase belongs to",
        ),
        Source::Stripe | Source::StripeEntitlements => (
            &paddle_keys,
            "Paddle",
            "with Stripe, `client_reference_id` or `metadata` says which account a purchase belongs to",
        ),
    };
    for (key, span) in unused_keys {
        if let Some(span) = span {
            let message = format!("`{key}` is a key of {other}, which this contract does not use");
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message);
            diagnostics.add_at(draft.help(help), span);
        }
    }
}

fn span<T>(entry: &Entry<T>) -> Option<&SourceSpan> {
    entry.written().map(|(span, _)| span)
}
