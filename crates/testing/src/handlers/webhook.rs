//! The handler. An event only identifies the customer; the current state comes from the API.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Row as _};

use super::{
    Account, Failure, Mutant,
    billing::{Columns, billing},
    provider::Provider,
    signature,
};

const HANDLED: [&str; 11] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.deleted",
    "customer.deleted",
    "invoice.paid",
    "invoice.payment_failed",
];

/// The handler and its dependencies.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) pool: PgPool,
    pub(super) provider: Provider,
    pub(super) secret: String,
    pub(super) mutant: Option<Mutant>,
}

impl Webhook {
    /// Handles one delivery: 2xx if nothing is left to do, 5xx if it should be sent again.
    pub(super) async fn handle(&self, body: &[u8], signature: &str, now: i64) -> StatusCode {
        let Some(event) = self.verified(body, signature, now) else {
            return StatusCode::BAD_REQUEST;
        };
        if !HANDLED.contains(&text(&event, "type").unwrap_or_default()) {
            return StatusCode::OK;
        }
        let done = self.handle_event(&event, now).await;
        if done.is_ok() || self.is(Mutant::ErrorsSwallowed) {
            StatusCode::OK
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn verified(&self, body: &[u8], header: &str, now: i64) -> Option<Value> {
        // The environment has only the secret's usual name.
        let secret = (!self.is(Mutant::SecretRenamed)).then_some(&self.secret)?;
        let is_valid = signature::is_valid(header, body, secret, now);
        if is_valid || self.is(Mutant::SignatureUnchecked) {
            serde_json::from_slice(body).ok()
        } else {
            None
        }
    }

    /// Handles an event in one transaction: it counts as seen only together with its effects.
    async fn handle_event(&self, event: &Value, now: i64) -> Result<(), Failure> {
        if self.is(Mutant::RememberedTooSoon) {
            let mut connection = self.pool.acquire().await?;
            if !self.is_new(&mut connection, event).await? {
                return Ok(());
            }
        }
        let mut transaction = self.pool.begin().await?;
        self.apply(&mut transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        event: &Value,
        now: i64,
    ) -> Result<(), Failure> {
        let object = object_of(event);
        let customer = match text(object, "object") {
            Some("customer") => text(object, "id"),
            _ => text(object, "customer"),
        };
        if customer.is_none() && !self.is(Mutant::NullCustomerUpdated) {
            return Ok(());
        }
        let Some(account) = self.lock_account(connection, customer, object).await? else {
            return Ok(());
        };
        if !self.is(Mutant::RememberedTooSoon) && !self.is_new(connection, event).await? {
            return Ok(());
        }
        let subscriptions = self.subscriptions(event, customer, &account).await?;
        let happened = event
            .get("created")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let columns = billing(&account, subscriptions, now.max(happened), self.mutant);
        let owner = columns.owner.as_deref();
        let owner = owner.or(account.customer.as_deref()).or(customer);
        link(connection, &account, owner).await?;
        self.write(connection, &account, &columns).await
    }

    /// Locks the account of a customer, else the one that the checkout refers to, so that only one delivery at a time
    /// queries the API.
    async fn lock_account(
        &self,
        connection: &mut PgConnection,
        customer: Option<&str>,
        object: &Value,
    ) -> Result<Option<Account>, Failure> {
        let select = sqlx::query(if self.is(Mutant::NullCustomerUpdated) {
            "select * from users where stripe_customer_id is not distinct from $1 or id = $2 \
             order by stripe_customer_id is not distinct from $1 desc limit 1 for update"
        } else {
            "select * from users where stripe_customer_id = $1 or id = $2 \
             order by stripe_customer_id is not distinct from $1 desc limit 1 for update"
        });
        let named =
            text(object, "client_reference_id").or_else(|| text(object.get("metadata")?, "userId"));
        let row = select
            .bind(customer)
            .bind(named)
            .fetch_optional(connection)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Account {
            id: row.try_get("id")?,
            customer: row.try_get("stripe_customer_id")?,
            has_paid_access: row.try_get("has_paid_access")?,
            plan: row.try_get("plan")?,
            subscription_id: row.try_get("stripe_subscription_id")?,
        }))
    }

    async fn subscriptions(
        &self,
        event: &Value,
        customer: Option<&str>,
        account: &Account,
    ) -> Result<Vec<super::provider::Subscription>, Failure> {
        let kind = text(event, "type").unwrap_or_default();
        if self.is(Mutant::LateDeletionWipes) && kind == "customer.subscription.deleted" {
            return Ok(Vec::new());
        }
        let linked = account.customer.as_deref();
        let customers: BTreeSet<_> = customer.into_iter().chain(linked).collect();
        let mut subscriptions = Vec::new();
        for customer in customers {
            subscriptions.extend(self.provider.subscriptions(customer).await?);
        }
        let trusts_event = match kind {
            "customer.subscription.created" => self.is(Mutant::CreatedTrusted),
            "customer.subscription.updated" => self.is(Mutant::StaleUpdateTrusted),
            _ => false,
        };
        let object = object_of(event);
        for subscription in subscriptions.iter_mut().filter(|_| trusts_event) {
            if Some(subscription.id.as_str()) == text(object, "id") {
                text(object, "status")
                    .unwrap_or_default()
                    .clone_into(&mut subscription.status);
            }
        }
        Ok(subscriptions)
    }

    async fn is_new(&self, connection: &mut PgConnection, event: &Value) -> Result<bool, Failure> {
        let id = text(event, "id").unwrap_or_default();
        let key = if self.is(Mutant::DuplicateByObject) {
            let kind = text(event, "type").unwrap_or_default();
            let object = text(object_of(event), "id").unwrap_or_default();
            format!("{kind}:{object}")
        } else {
            id.to_owned()
        };
        let inserted =
            sqlx::query("insert into stripe_events (id) values ($1) on conflict do nothing")
                .bind(key)
                .execute(connection)
                .await?;
        Ok(inserted.rows_affected() > 0)
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        account: &Account,
        columns: &Columns,
    ) -> Result<(), Failure> {
        let update = sqlx::query(if self.is(Mutant::NullCustomerUpdated) {
            "update users set has_paid_access = $2, plan = $3, seats = $4, stripe_subscription_id = $5, \
             subscription_status = $6, current_period_end = to_timestamp($7::bigint), cancel_at_period_end = $8, \
             updated_at = now() where stripe_customer_id is not distinct from $1"
        } else {
            "update users set has_paid_access = $2, plan = $3, seats = $4, stripe_subscription_id = $5, \
             subscription_status = $6, current_period_end = to_timestamp($7::bigint), cancel_at_period_end = $8, \
             updated_at = now() where id = $1"
        });
        let found_by = if self.is(Mutant::NullCustomerUpdated) {
            account.customer.as_deref()
        } else {
            Some(account.id.as_str())
        };
        update
            .bind(found_by)
            .bind(columns.has_paid_access)
            .bind(&columns.plan)
            .bind(columns.seats)
            .bind(&columns.subscription_id)
            .bind(&columns.status)
            .bind(columns.period_end)
            .bind(columns.cancel_at_period_end)
            .execute(connection)
            .await?;
        Ok(())
    }
}

fn object_of(event: &Value) -> &Value {
    event.pointer("/data/object").unwrap_or(&Value::Null)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

async fn link(
    connection: &mut PgConnection,
    account: &Account,
    customer: Option<&str>,
) -> Result<(), Failure> {
    if account.customer.as_deref() != customer {
        sqlx::query("update users set stripe_customer_id = $2 where id = $1")
            .bind(&account.id)
            .bind(customer)
            .execute(connection)
            .await?;
    }
    Ok(())
}
