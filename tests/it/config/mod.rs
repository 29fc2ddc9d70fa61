//! Tests of `prodverdict.yml`: the accepted forms, and the message and place of every mistake.

mod defaults;
mod documentation;
mod forms;
mod rehearsal;

use std::time::Duration;

use prodverdict::{
    config::{
        AccountsQuery, Diagnostic, Expression, MAX_BYTES, TableName, json_schema, load, render,
    },
    contract::{
        CanceledGrace, ColumnName, Contract, ContractKey, Field, MatchOn, Mode, PlanKey, PlanWords,
        Price, PricePattern, Rule, Severity, Source, Status,
    },
    problem::ErrorCode as Code,
    problem::{Place, Problem},
};
use proptest::prelude::*;

const PUBLISHED: &str = include_str!("published.yml");
const EVERYTHING: &str = include_str!("everything.yml");
const PATH: &str = "./prodverdict.yml";

/// The configuration that mutations start from.
const VALID: &str = r#"version: 1
contracts:
  - type: access
    name: users
    source_of_truth: stripe
    stripe: { secret_env: STRIPE_SECRET_KEY }
    mode: live
    entity: user
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: { column: status, in: [active] }
        plan: plan
        seats: { sql: "quantity" }
      join: "left join s on true"
      where: "deleted_at is null"
      match_on: customer_id
      statement_timeout: 5m
      timezone: UTC
    plans: { price_1Pro: pro }
    free_plans: [free]
    ignore_prices: [price_addon_*]
    statuses: { grant: [active, trialing], deny: [unpaid] }
    grace: { past_due: 14d, canceled: until_period_end }
    rules: { plan-drift: low }
    exempt: [usr_founder]
    severity: high
    fail_on: high
    confirm_after: 10s
    evidence: on
    max_requests: 100
    requests_per_second: 25
    period_tolerance: 24h
    allow_empty: false
    links: { account: "https://admin.example.com/users/{id}" }
    fix: "Check the webhook"
"#;

/// A text, its replacement (with the place of the diagnostic between `«` and `»`), the code, and parts of its message
/// and help.
type Mutation = (&'static str, &'static str, Code, &'static str, &'static str);

#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    // the file
    ("version: 1", "version: «2»", Code::InvalidValue, "`version` should be 1, found `2`", "version 1"),
    ("version: 1", "version: «\"1\"»", Code::WrongType, "`version` should be the number 1, found `1`", "write it without the quotes"),
    ("version: 1\ncontracts:", "«contracts:»", Code::MissingKey, "missing key `version` in the file", "add `version: 1`"),
    ("version: 1", "«verison»: 1", Code::UnknownKey, "unknown key `verison`", "did you mean `version`?"),
    ("version: 1\n", "version: 1\n«plans»: {}\n", Code::UnknownKey, "unknown key `plans`", "it belongs in a contract"),
    ("version: 1\n", "version: 1\n«version»: 1\n", Code::DuplicateKey, "duplicate key `version`", "already on line 1"),
    ("contracts:\n", "contracts: «{}»\nx:\n", Code::WrongType, "`contracts` should be a list, found a mapping", ""),
    ("contracts:\n", "contracts: «[]»\nx:\n", Code::InvalidValue, "at least one contract of type `access`", "- type: access"),
    ("version: 1\n", "version: 1\n«<<»: {}\n", Code::Refused, "merge keys", ""),
    ("version: 1\n", "version: 1\n? «[a]»\n: 1\n", Code::WrongType, "a key should be text", ""),
    // the contract
    ("type: access", "type: «acess»", Code::InvalidValue, "`type` should be `access`, found `acess`", "did you mean `access`?"),
    ("type: access\n    name: users", "«name: users»", Code::MissingKey, "missing key `type` in the contract", "type: access"),
    ("name: users", "name: «\" \"»", Code::InvalidValue, "`name` should be one line", ""),
    ("name: users", "name: «7»", Code::WrongType, "`name` should be text, found the number `7`", "in quotes"),
    ("name: users", "name: users\n    «url_env»: DATABASE_URL", Code::UnknownKey, "unknown key `url_env`", "it belongs under `database`"),
    ("name: users", "name: users\n    «rehearsal»: {}", Code::UnknownKey, "unknown key `rehearsal`", "it belongs at the top of the file"),
    ("name: users", "«name»:", Code::WrongType, "`name` should be text, found nothing", "give it a value"),
    ("name: users", "name: «&a users»", Code::Refused, "anchors", "write the value out"),
    ("name: users", "name: «*»a", Code::Refused, "aliases", "write the value out"),
    ("name: users", "name: &a users\n    fix: «*a»\n    x:", Code::Refused, "aliases", "write the value out"),
    ("name: users", "name: «!!str users»", Code::Refused, "tags", ""),
    ("source_of_truth: stripe", "source_of_truth: «strip»", Code::InvalidValue, "one of `stripe`, `paddle`, `stripe_entitlements`, found `strip`", "did you mean `stripe`?"),
    ("mode: live", "mode: «production»", Code::InvalidValue, "`mode` should be one of `live`, `test`", ""),
    ("mode: live", "mode: «true»", Code::InvalidValue, "found the boolean `true`", ""),
    ("entity: user", "entity: «a team»", Code::InvalidValue, "`entity` should be one word", "`team`"),
    ("fix: \"Check the webhook\"", "fix: «\"\"»", Code::InvalidValue, "`fix` should not be empty", ""),
    // secrets
    ("STRIPE_SECRET_KEY", "«sk_live_abc123»", Code::SecretValue, "not shown", "write `secret_env: STRIPE_SECRET_KEY`"),
    ("STRIPE_SECRET_KEY", "«\"\"»", Code::SecretValue, "name of an environment variable", ""),
    ("secret_env: STRIPE_SECRET_KEY", "«secret»: hush", Code::UnknownKey, "unknown key `secret`", "did you mean `secret_env`?"),
    ("secret_env: STRIPE_SECRET_KEY", "«secret_key»: rk_live_abc123", Code::UnknownKey, "unknown key `secret_key`", "did you mean `secret_env`?; if the file contained a secret, replace it"),
    ("secret_env: STRIPE_SECRET_KEY", "«api_key»: sk_live_abc123", Code::UnknownKey, "unknown key `api_key`", "replace it at its provider"),
    ("url_env: DATABASE_URL", "url_env: «postgres://app:pw@db/app»", Code::SecretValue, "`url_env` should be the name", "DATABASE_URL"),
    // the database
    ("    database:\n      url_env", "    «databse»:\n      url_env", Code::UnknownKey, "unknown key `databse`", "did you mean `database`?"),
    ("users_table: users", "users_table: «users; drop table users»", Code::InvalidValue, "found `users; drop table users`: it contains characters", "Quoted Name"),
    ("users_table: users", "users_table: «'\"users'»", Code::InvalidValue, "a double quote is not closed", ""),
    ("users_table: users", "users_table: «a.b.c»", Code::InvalidValue, "more than two parts", ""),
    ("users_table: users", "users_table: «[users]»", Code::WrongType, "`users_table` should be text, found a list", ""),
    ("    database:\n      url_env", "    x:\n      url_env", Code::MissingKey, "missing key `database` in the contract", "database: {url_env: DATABASE_URL}"),
    ("join: \"left join s on true\"", "join: «\"  \"»", Code::InvalidValue, "`join` should not be empty", ""),
    ("where: \"deleted_at is null\"", "where: «\"WHERE deleted_at is null\"»", Code::InvalidValue, "begins with the word `where`", "remove that word"),
    ("where: \"deleted_at is null\"", "where: \"deleted_at is null«) or (true»\"", Code::InvalidValue, "`where` cannot be used at `) or (true`: this bracket was not opened", "remove it"),
    ("where: \"deleted_at is null\"", "where: \"«(deleted_at is null»\"", Code::InvalidValue, "this quote, bracket or comment is not closed", "close it"),
    ("where: \"deleted_at is null\"", "where: \"id = «$1»\"", Code::InvalidValue, "a parameter has no value here", "{{now}}"),
    ("where: \"deleted_at is null\"", "where: \"true«; drop table users»\"", Code::InvalidValue, "only `query` may end with a `;`", ""),
    ("where: \"deleted_at is null\"", "query: \"select 1; «select 2»\"", Code::InvalidValue, "nothing may follow it", ""),
    ("where: \"deleted_at is null\"", "query: «\"\"»", Code::InvalidValue, "`query` should not be empty", ""),
    ("users_table: users", "users_table: «users»\n      query: select 1", Code::Conflict, "`users_table` cannot be combined with `query`", "keep one"),
    ("join: \"left join s on true\"", "query: select 1\n      join: «\"left join s on true\"»", Code::Conflict, "`join` cannot be combined with `query`", ""),
    ("match_on: customer_id", "match_on: «costumer_id»", Code::InvalidValue, "`match_on` should be one of", "did you mean `customer_id`?"),
    ("statement_timeout: 5m", "statement_timeout: «5»", Code::InvalidValue, "`statement_timeout` should be a duration, found `5`", "a number without a unit"),
    ("statement_timeout: 5m", "statement_timeout: «0»", Code::InvalidValue, "between 1ms and 24days", ""),
    ("statement_timeout: 5m", "statement_timeout: «30days»", Code::InvalidValue, "between 1ms and 24days", ""),
    ("timezone: UTC", "timezone: «\"UTC'; drop\"»", Code::InvalidValue, "name of a time zone", "Europe/Berlin"),
    // the columns
    ("stripe_customer_id: stripe_customer_id", "«stripe_costumer_id»: stripe_customer_id", Code::UnknownKey, "unknown key `stripe_costumer_id`", "did you mean `stripe_customer_id`?"),
    ("stripe_customer_id: stripe_customer_id", "stripe_customer_id: «a»\n        customer_id: b", Code::Conflict, "are the same key", "keep one"),
    ("match_on: customer_id", "match_on: subscription_id", Code::MissingKey, "missing key `subscription_id` in `columns`", "{sql: …}"),
    ("        id: id\n", "        id: «\"\"»\n", Code::WrongType, "`id` should be the name of a column", ""),
    ("        id: id\n", "        id: «null»\n", Code::MissingKey, "`id` should be mapped, found nothing", ""),
    ("        id: id\n", "        id: «5»\n", Code::WrongType, "`id` should be the name of a column", "in quotes"),
    ("        id: id\n", "        id: «[id]»\n", Code::WrongType, "found a list", ""),
    ("        seats: {", "        «seat»: {", Code::UnknownKey, "unknown key `seat`", "did you mean `seats`?"),
    ("{ sql: \"quantity\" }", "{ sql: «\" \"» }", Code::InvalidValue, "`sql` should not be empty", ""),
    ("{ sql: \"quantity\" }", "{ «sqk»: x, sql: \"quantity\" }", Code::UnknownKey, "unknown key `sqk`", "did you mean `sql`?"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", column: «c» }", Code::Conflict, "`column` cannot be combined with `sql`", ""),
    ("{ sql: \"quantity\" }", "{ column: c, in: «[a]» }", Code::Conflict, "`seats` is not", "name the column alone"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", per_unit: «0» }", Code::InvalidValue, "`per_unit` should be a whole number from 1 to", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", per_unit: «1.5» }", Code::WrongType, "`per_unit` should be a whole number", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", included: «-1» }", Code::InvalidValue, "`included` should be a whole number from 0 to", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", included: «many» }", Code::WrongType, "a whole number, or one for each plan", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", included: { «team»: 3 } }", Code::InvalidValue, "`team` in `included` is not a plan", "as `plans` does"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", included: { pro: «x» } }", Code::WrongType, "`pro` should be a whole number", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", prices: «[]» }", Code::InvalidValue, "`prices` should list at least one price", "leave `prices` out"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", prices: [«\"*\"»] }", Code::InvalidValue, "an entry of `prices` should be a price id", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", prices: [«price_addon_seat»] }", Code::Conflict, "`price_addon_seat` is also in `ignore_prices`", "count it or ignore it"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", unlimited: «[]» }", Code::InvalidValue, "`unlimited` should list at least one value", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", unlimited: [«none»] }", Code::WrongType, "a whole number or `null`, found `none`", ""),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", unlimited: [-1, «-1»] }", Code::Conflict, "`-1` is in `unlimited` twice", "keep one"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", unlimited_prices: «[price_1]» }", Code::Conflict, "has no effect without `unlimited`", "unlimited: [null, -1]"),
    ("{ sql: \"quantity\" }", "{ sql: \"quantity\", «words»: {} }", Code::UnknownKey, "unknown key `words`", ""),
    ("{ sql: \"quantity\" }", "«{ per_unit: 10 }»", Code::MissingKey, "missing key `column` in `seats`", "{sql: …}"),
    ("        plan: plan\n", "        status: { column: s, words: { «actve»: [A] } }\n", Code::InvalidValue, "unknown status `actve`", "did you mean `active`?"),
    ("        plan: plan\n", "        status: { column: s, words: { active: [A, «A»] } }\n", Code::Conflict, "the word `A` is listed twice", "keep one"),
    ("        plan: plan\n", "        status: { column: s, words: { canceled: A, «cancelled»: B } }\n", Code::Conflict, "`cancelled` names a status that is already listed", "one list"),
    ("        plan: plan\n", "        status: { column: s, words: { active: «[]» } }\n", Code::InvalidValue, "`active` should have a word, found none", ""),
    ("        plan: plan\n", "        status: { column: s, words: { active: [«\"\"»] } }\n", Code::InvalidValue, "a word of a status should not be empty", ""),
    ("        plan: plan\n", "        status: { column: s, words: «{}» }\n", Code::InvalidValue, "`words` should name at least one status", ""),
    ("        plan: plan\n", "        status: { column: s, words: «[A]» }\n", Code::WrongType, "`words` should be a mapping", ""),
    ("        plan: plan\n", "        plan: { sql: coalesce(a, «b)» }\n", Code::UnknownKey, "unknown key `b)`", "under `sql: |`"),
    ("in: [active]", "in: «[]»", Code::InvalidValue, "`in` should list at least one value", ""),
    ("in: [active]", "in: [«[a]»]", Code::WrongType, "an entry of `in` should be text, a number or a boolean, found a list", ""),
    ("has_paid_access: { column: status, in: [active] }", "has_paid_access: «{ column: status }»", Code::MissingKey, "missing key `in` in `has_paid_access`", "in: [active, trialing]"),
    // plans and prices
    ("price_1Pro: pro", "«price_your_pro_price»: pro", Code::Placeholder, "`price_your_pro_price` is a placeholder", "replace it"),
    ("price_1Pro: pro", "price_1Pro: «your_plan»", Code::Placeholder, "`your_plan` is a placeholder, not a plan", "replace it"),
    ("price_1Pro: pro", "price_1Pro: «price_2Pro»", Code::InvalidValue, "which is a provider id", "`price_2Pro: price_2Pro`"),
    ("price_1Pro: pro", "price_1Pro*: «price_1Pro*»", Code::InvalidValue, "which is a provider id", ""),
    ("price_1Pro: pro", "price_1Pro: «\" \"»", Code::InvalidValue, "should not be empty", ""),
    ("price_1Pro: pro", "price_1Pro: «{a: pro}»", Code::WrongType, "`price_1Pro` should be text, a number or a list of them, found a mapping", ""),
    ("price_1Pro: pro", "price_1Pro: [pro, «~»]", Code::WrongType, "an entry of `price_1Pro` should be text or a number, found nothing", ""),
    ("price_1Pro: pro", "price_1Pro: «[]»", Code::InvalidValue, "`price_1Pro` should have a plan, found none", "as the application stores it"),
    ("price_1Pro: pro", "price_1Pro: [pro, «\" \"»]", Code::InvalidValue, "should not be empty", ""),
    ("price_1Pro: pro", "price_1Pro: [pro, «pro»]", Code::Conflict, "the plan `pro` is listed twice", "keep one"),
    ("price_1Pro: pro", "gold: «price_1Pro»", Code::InvalidValue, "found `price_1Pro`, which is a provider id", "key and value are swapped: write `price_1Pro: gold`"),
    ("price_1Pro: pro", "gold: [g, «prod_Gold»]", Code::InvalidValue, "found `prod_Gold`, which is a provider id", "are swapped"),
    ("price_1Pro: pro", "gold: «pri_01h1vjes1y163xfj1rh1tkfb65»", Code::InvalidValue, "which is a provider id", "are swapped"),
    ("price_1Pro: pro", "gold: «pro_01h1vjes1y163xfj1rh1tkfb65»", Code::InvalidValue, "which is a provider id", "are swapped"),
    ("price_1Pro: pro", "price_1Pro: «pro_01h1vjes1y163xfj1rh1tkfb65»", Code::InvalidValue, "which is a provider id", "write it as the key too"),
    ("price_1Pro: pro", "gold: «pro_monthly»", Code::InvalidValue, "which is a provider id", "are swapped"),
    ("price_1Pro: pro", "«pri_01h1vjes1y163xfj1rh1tkfb65»: pro", Code::InvalidValue, "is a Paddle price", "`lookup_key:NAME`"),
    ("price_1Pro: pro", "«pro_01gsz4t5hdjse780zja8vvr7jg»: pro", Code::InvalidValue, "is a Paddle product", "a product (`prod_…`)"),
    ("price_1Pro: pro", "«\"lookup_key:\"»: pro", Code::InvalidValue, "a key of `plans` should be an id", "lookup_key:NAME"),
    ("price_1Pro: pro", "«\"*\"»: pro", Code::InvalidValue, "a prefix with one `*` at its end", ""),
    ("price_1Pro: pro", "«price_*_monthly»: pro", Code::InvalidValue, "a prefix with one `*` at its end", ""),
    // the order of plans, metadata and pauses
    ("plans: { price_1Pro: pro }", "plans: { price_1Pro: pro }\n    plan_order: [free, «team»]", Code::InvalidValue, "`team` in `plan_order` is not a plan", "as `plans` does"),
    ("plans: { price_1Pro: pro }", "plans: { price_1Pro: pro }\n    plan_order: [free, «Pro»]", Code::InvalidValue, "`Pro` in `plan_order` is not a plan", "did you mean `pro`?"),
    ("plans: { price_1Pro: pro }", "plans: { price_1Pro: pro }\n    plan_order: [pro, «pro»]", Code::Conflict, "`pro` is in `plan_order` twice", "keep one"),
    ("plans: { price_1Pro: pro }", "plans: { price_1Pro: pro }\n    plan_order: [«\"\"»]", Code::InvalidValue, "an entry of `plan_order` should not be empty", ""),
    ("plans: { price_1Pro: pro }", "plan_order: «pro»", Code::WrongType, "`plan_order` should be a list, found `pro`", ""),
    ("entity: user", "metadata_account: [userId, «userId»]", Code::Conflict, "`userId` is in `metadata_account` twice", "keep one"),
    ("entity: user", "metadata_account: [«\" \"»]", Code::InvalidValue, "an entry of `metadata_account` should not be empty", ""),
    ("entity: user", "metadata_account: «userId»", Code::WrongType, "`metadata_account` should be a list", ""),
    ("entity: user", "pause_collection: «denny»", Code::InvalidValue, "one of `grant`, `deny`, `unjudged`, found `denny`", "did you mean `deny`?"),
    ("entity: user", "pause_collection: «[deny]»", Code::WrongType, "or one for each behavior such as `{void: deny}`, found a list", ""),
    ("entity: user", "pause_collection: { «voided»: deny }", Code::UnknownKey, "unknown key `voided`", "did you mean `void`?"),
    ("entity: user", "pause_collection: { void: «no» }", Code::InvalidValue, "`void` should be one of `grant`, `deny`, `unjudged`", ""),
    ("price_1Pro: pro", "«\" price_1Pro\"»: pro", Code::InvalidValue, "begin or end with a space", ""),
    ("plans: { price_1Pro: pro }", "plans: «[price_1Pro]»", Code::WrongType, "`plans` should be a mapping, found a list", ""),
    ("plans: { price_1Pro: pro }", "«plans»:", Code::WrongType, "`plans` should be a mapping, found nothing", "give it a value"),
    ("free_plans: [free]", "free_plans: «free»", Code::WrongType, "`free_plans` should be a list, found `free`", ""),
    ("free_plans: [free]", "free_plans: [«true»]", Code::WrongType, "an entry of `free_plans` should be text or a number", "in quotes"),
    ("[price_addon_*]", "[«\"price_*_addon\"»]", Code::InvalidValue, "a prefix with one `*` at its end", "price_addon_*"),
    ("[price_addon_*]", "[«\"*\"»]", Code::InvalidValue, "a prefix with one `*`", ""),
    ("[price_addon_*]", "[«price_1*»]", Code::Conflict, "`price_1Pro` is mapped in `plans` but ignored here", ""),
    ("[price_addon_*]", "[«price_your_addon»]", Code::Placeholder, "is a placeholder", "replace it"),
    ("        plan: plan\n", "        plan:\n          sql: |\n            case price\n              when 'price_1' then '«your_plan»' end\n", Code::Placeholder, "`your_plan` is a placeholder", ""),
    ("        plan: plan\n", "        plan: { sql: \"coalesce('«price_your_plan»', p)\" }\n", Code::Placeholder, "not a price", ""),
    // statuses, grace, rules
    ("[active, trialing]", "[active, «traling»]", Code::InvalidValue, "unknown status `traling`", "did you mean `trialing`?"),
    ("deny: [unpaid]", "deny: [unpaid, «Active»]", Code::Conflict, "status `active` is in both", "one of the two"),
    ("statuses: { grant: [active, trialing],", "statuses: «{ grant: [],", Code::InvalidValue, "should grant at least one status", ""),
    ("grant: [active, trialing]", "«granted»: [active, trialing]", Code::UnknownKey, "unknown key `granted`", "did you mean `grant`?"),
    ("past_due: 14d", "past_due: «14 dayz»", Code::InvalidValue, "`past_due` should be a duration, found `14 dayz`", "`14d`"),
    ("past_due: 14d", "past_due: «1500ms»", Code::InvalidValue, "whole seconds", ""),
    ("past_due: 14d", "past_due: «-1»", Code::InvalidValue, "should be a duration, found `-1`", ""),
    ("past_due: 14d", "past_due: «1.5»", Code::WrongType, "should be a duration such as `14d`", ""),
    ("canceled: until_period_end", "canceled: «until_period_ends»", Code::InvalidValue, "or `until_period_end`", "did you mean `until_period_end`?"),
    ("canceled: until_period_end", "«cancelled»: 3d", Code::UnknownKey, "unknown key `cancelled`", "did you mean `canceled`?"),
    ("plan-drift: low", "«plan-drft»: low", Code::UnknownKey, "unknown rule `plan-drft`", "did you mean `plan-drift`?"),
    ("plan-drift: low", "plan-drift: «none»", Code::InvalidValue, "`plan-drift` should be one of `high`, `medium`, `low`, `off`", ""),
    ("plan-drift: low", "plan-drift: «on»", Code::InvalidValue, "found `on`", ""),
    // the rest of the contract
    ("exempt: [usr_founder]", "exempt: [usr_founder, «~»]", Code::WrongType, "an entry of `exempt` should be text or a number, found nothing", ""),
    ("severity: high", "severity: «critical»", Code::InvalidValue, "`severity` should be one of", ""),
    ("severity: high", "severity: «off»", Code::InvalidValue, "`severity` should be one of", ""),
    ("fail_on: high", "fail_on: «High»", Code::InvalidValue, "`fail_on` should be one of", "did you mean `high`?"),
    ("confirm_after: 10s", "confirm_after: «10»", Code::InvalidValue, "`confirm_after` should be a duration", "a number without a unit"),
    ("evidence: on", "evidence: «never»", Code::InvalidValue, "`evidence` should be one of `on`, `off`, found `never`", ""),
    ("max_requests: 100", "max_requests: «0»", Code::InvalidValue, "`max_requests` should be a whole number from 1 to", "leave `max_requests` out"),
    ("max_requests: 100", "max_requests: «1.5»", Code::WrongType, "`max_requests` should be a whole number, found", ""),
    ("requests_per_second: 25", "requests_per_second: «fast»", Code::WrongType, "`requests_per_second` should be a whole number, found", ""),
    ("requests_per_second: 25", "requests_per_minute: «100»", Code::Conflict, "`requests_per_minute` has no effect on Stripe", "use `requests_per_second`"),
    ("period_tolerance: 24h", "period_tolerance: «\"\"»", Code::InvalidValue, "`period_tolerance` should be a duration", ""),
    ("allow_empty: false", "allow_empty: «\"no\"»", Code::WrongType, "`allow_empty` should be `true` or `false`, found `no`", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"http://admin.example.com/users/{id}\"»", Code::InvalidValue, "`account` should be an address that begins with `https://`, found `http://admin.example.com/users/{id}`", "https://admin.example.com/users/{id}"),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://admin.example.com/users\"»", Code::InvalidValue, "should contain `{id}`", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://admin.example.com/{team}/{id}\"»", Code::InvalidValue, "no placeholder but `{id}`", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://{id}.example.com/\"»", Code::InvalidValue, "a host, and `{id}` after it", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https:///users/{id}\"»", Code::InvalidValue, "should have a host", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://admin.example.com/a b/{id}\"»", Code::InvalidValue, "percent-encoded", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://admin.example.com/users/{id})](javascript:x)\"»", Code::InvalidValue, "percent-encoded", ""),
    ("\"https://admin.example.com/users/{id}\"", "«\"https://root:hunter2@admin.example.com/{id}\"»", Code::SecretValue, "no user name or password (not shown)", "before the `@`"),
    ("\"https://admin.example.com/users/{id}\"", "«\" \"»", Code::InvalidValue, "`account` should not be empty", ""),
    ("links: { account:", "links: { «acount»:", Code::UnknownKey, "unknown key `acount`", "did you mean `account`?"),
    ("fix: \"Check the webhook\"", "fix: { plan-drift: «\" \"» }", Code::InvalidValue, "`plan-drift` should not be empty", ""),
    ("fix: \"Check the webhook\"", "fix: { «plan-drft»: x }", Code::UnknownKey, "unknown rule `plan-drft`", "did you mean `plan-drift`?"),
    ("fix: \"Check the webhook\"", "fix: «[x]»", Code::WrongType, "`fix` should be text, or one for each rule such as `{plan-drift: …}`, found a list", ""),
    ("fix: \"Check the webhook\"\n", "fix: x\n  - type: access\n    name: «users»\n    database: {query: select 1}\n", Code::Conflict, "another contract is also called `users`", "on line 4"),
    ("fix: \"Check the webhook\"\n", "fix: x\n«---»\nversion: 1\n", Code::Refused, "second YAML document", "under `contracts`"),
    // YAML itself
    ("mode: live", "mode: «\"live\n    entity: user", Code::Syntax, "this is not YAML", "quotes"),
    ("name: users", "name: users«:» x", Code::Syntax, "this is not YAML", "indentation"),
    ("        plan: plan\n", "        plan: { sql: coalesce(s.\"a\", \"B\".\"a\") }\n", Code::Syntax, "this is not YAML", "SQL with commas or double quotes under `sql: |`"),
    ("where: \"deleted_at is null\"", "where: \"deletedAt\" is null", Code::Syntax, "this is not YAML", "under `where: |`"),
    ("where: \"deleted_at is null\"", "where: «\"deleted_at is null\\0\"»", Code::Refused, "U+0000", "remove"),
    ("{ sql: \"quantity\" }", "{ sql: «\"a\\0b\"» }", Code::Refused, "U+0000", ""),
    ("price_1Pro: pro", "«\"price\\0\"»: pro", Code::Refused, "U+0000", ""),
    ("mode: live", "mode: li«\u{1b}»[2Jve", Code::Syntax, "control character U+001B", "UTF-8"),
];

#[test]
fn every_mistake_is_reported_at_its_place() {
    assert_told(VALID, MUTATIONS);
}

/// Makes each mistake in a valid file and checks its diagnostic.
#[track_caller]
fn assert_told(valid: &str, mutations: &[Mutation]) {
    for (from, to, code, message, help) in mutations {
        assert_eq!(
            valid.matches(from).count(),
            1,
            "`{from}` is not in the file once"
        );
        let marked = valid.replacen(from, to, 1);
        let text = marked.replace(['«', '»'], "");
        let diagnostics = load(&text, PATH).expect_err(to);
        let fits = |diagnostic: &&Diagnostic| {
            diagnostic.code == *code
                && diagnostic.message.contains(message)
                && diagnostic.help.contains(help)
        };
        let found = diagnostics.iter().find(fits);
        let diagnostic = found.unwrap_or_else(|| panic!("{to}: {diagnostics:#?}"));
        assert_eq!(diagnostic.place.path, "prodverdict.yml");
        if let Some(start) = marked.find('«') {
            let before: Vec<_> = marked.split('«').next().unwrap_or("").split('\n').collect();
            let column = before.last().map_or(0, |line| line.chars().count()) + 1;
            let place = format!("{}:{}", diagnostic.place.line, diagnostic.place.column);
            assert_eq!(place, format!("{}:{column}", before.len()), "{to}");
            assert_eq!(diagnostic.span.start, start, "{to}");
        }
        if let Some(end) = marked.find('»') {
            assert_eq!(diagnostic.span.end, end - '«'.len_utf8(), "{to}");
        }
    }
}

#[test]
fn the_unchanged_configuration_is_valid() {
    load(VALID, PATH).unwrap();
}

#[test]
fn the_documented_file_keeps_its_meaning() {
    let config = load(PUBLISHED, PATH).unwrap();
    let [access] = config.contracts.as_slice() else {
        panic!("{config:?}")
    };
    assert_eq!(access.name, "users");
    assert_eq!(access.key_env, "STRIPE_SECRET_KEY");
    assert_eq!(access.confirm_after, Some(Duration::from_secs(10)));
    assert!(access.evidence);
    assert_eq!(access.database.url_env, "DATABASE_URL");
    assert_eq!(access.variables(), ["STRIPE_SECRET_KEY", "DATABASE_URL"]);
    assert_eq!(access.database.timezone, "UTC");
    assert_eq!(access.database.statement_timeout, Duration::from_mins(5));
    let contract = &access.contract;
    assert_eq!(contract.source, Source::Stripe);
    assert_eq!(contract.fail_on, Some(Severity::High));
    assert_eq!(contract.period_tolerance, 86_400);
    assert_eq!(plan_of(contract, "price_1TeamMonthly"), Some("team"));
    assert!(!contract.fix.contains_key(&Rule::SeatDrift));
    assert_eq!(contract.fix[&Rule::PlanDrift], "Check the webhook handler");
    let AccountsQuery::Table { table, columns, .. } = &access.database.accounts else {
        panic!("{access:?}")
    };
    assert_eq!(
        (table.schema.as_deref(), table.name.as_str()),
        (None, "users")
    );
    let customer = Expression::Column("stripe_customer_id".to_owned());
    assert_eq!(columns[&Field::CustomerId], customer);
}

#[test]
fn a_fix_can_be_written_for_each_rule() {
    let file = "version: 1\ncontracts:\n  - type: access\n    database: {}\n    fix:\n      \
                plan-drift: look at the plan\n      unmapped-price: map it\n      seat-drift: count\n";
    let config = load(file, PATH).unwrap();
    let fix = &config.contracts[0].contract.fix;
    assert_eq!(fix[&Rule::PlanDrift], "look at the plan");
    assert_eq!(fix[&Rule::SeatDrift], "count");
    assert_eq!(fix[&Rule::UnmappedFeature], "map it");
    assert!(!fix.contains_key(&Rule::RevenueLeak));
}

#[test]
fn an_application_may_store_prices_and_products_themselves() {
    let file = "version: 1\ncontracts:\n  - type: access\n    database: {}\n    plans:\n      \
                price_1Pro: price_1Pro\n      prod_Team: [prod_Team, team]\n";
    let config = load(file, PATH).unwrap();
    assert_eq!(
        plan_of(&config.contracts[0].contract, "price_1Pro"),
        Some("price_1Pro")
    );
    let paddle = file
        .replace("    database", "    source_of_truth: paddle\n    database")
        .replace("price_1Pro", "pri_01h1vjes1y163xfj1rh1tkfb65")
        .replace("prod_Team", "pro_01h1vjes1y163xfj1rh1tkfb65");
    load(&paddle, PATH).unwrap();
}

#[test]
fn every_key_reaches_the_contract() {
    let config = load(EVERYTHING, PATH).unwrap();
    let access = &config.contracts[0];
    let contract = &access.contract;
    assert_eq!(contract.mode, Some(Mode::Live));
    assert_eq!(
        contract.columns[&Field::HasPaidAccess],
        ColumnName::In {
            column: "status".to_owned(),
            values: ["active", "trialing", "1", "true"]
                .map(str::to_owned)
                .to_vec(),
        }
    );
    assert_eq!(contract.columns[&Field::PeriodEnd], ColumnName::Computed);
    assert_eq!(contract.columns.len(), Field::ALL.len());
    assert_eq!(plan_of(contract, "price_1TeamMonthly"), Some("7"));
    assert!(contract.free_plans.contains("0") && contract.free_plans.contains("free"));
    assert!(contract.exempt.contains("1001"));
    assert_eq!(
        contract.ignore_prices,
        [
            PricePattern::Prefix("price_addon_".to_owned()),
            PricePattern::Exact("price_1Shirt".to_owned()),
        ]
    );
    assert_eq!(
        contract.statuses.grant,
        [Status::Active, Status::Trialing, Status::PastDue]
    );
    assert_eq!(
        contract.statuses.deny,
        [Status::Unpaid, Status::Canceled].into()
    );
    assert_eq!(contract.grace.past_due, Some(14 * 86_400));
    assert_eq!(contract.grace.canceled, Some(CanceledGrace::UntilPeriodEnd));
    assert_eq!(contract.severities.get(&Rule::OrphanSubscription), None);
    assert_eq!(contract.severities.get(&Rule::DoubleSubscription), None);
    assert_eq!(contract.severities[&Rule::UnlinkedAccess], Severity::High);
    assert_eq!(contract.severities[&Rule::RevenueLeak], Severity::Medium);
    assert_eq!(contract.severities[&Rule::PlanDrift], Severity::Low);
    assert_eq!(contract.severities[&Rule::SeatDrift], Severity::High);
    assert_eq!(contract.fail_on, Some(Severity::Medium));
    assert_eq!(contract.period_tolerance, 36 * 3600);
    assert!(contract.allow_empty);
    assert_eq!(access.confirm_after, None);
    assert!(!access.evidence);
    assert_eq!(access.max_requests.map(u32::from), Some(5_000));
    assert_eq!(access.requests_per_second.map(u32::from), Some(10));
    assert_eq!(access.database.timezone, "Europe/Berlin");
    assert_eq!(access.database.statement_timeout, Duration::from_secs(90));
    let AccountsQuery::Table {
        table,
        join,
        filter,
        ..
    } = &access.database.accounts
    else {
        panic!("{access:?}")
    };
    let users = TableName {
        schema: Some("app".to_owned()),
        name: "Users".to_owned(),
    };
    assert_eq!(*table, users);
    let joined = "left join subscriptions s on s.user_id = users.id";
    assert_eq!(join.as_deref(), Some(joined));
    assert_eq!(filter.as_deref(), Some("deleted_at is null"));
}

#[test]
fn queries_sources_and_names_of_further_contracts() {
    let config = load(EVERYTHING, PATH).unwrap();
    let names: Vec<_> = config
        .contracts
        .iter()
        .map(|access| access.name.as_str())
        .collect();
    assert_eq!(names, ["users", "access", "features", "defaults"]);

    let teams = &config.contracts[1];
    assert_eq!(teams.contract.source, Source::Paddle);
    assert_eq!(teams.key_env, "PADDLE_KEY_EU");
    assert_eq!(teams.contract.match_on, MatchOn::SubscriptionId);
    assert_eq!(
        teams.contract.grace.canceled,
        Some(CanceledGrace::For(3 * 86_400))
    );
    assert_eq!(teams.contract.fail_on, None);
    assert_eq!(teams.requests_per_minute.map(u32::from), Some(120));
    let AccountsQuery::Query { sql } = &teams.database.accounts else {
        panic!("{teams:?}")
    };
    assert!(sql.starts_with("select id") && sql.contains("{{now}}"));

    let features = &config.contracts[2];
    assert_eq!(features.contract.source, Source::StripeEntitlements);
    assert_eq!(
        features.contract.severities[&Rule::UnmappedFeature],
        Severity::Low
    );
    let AccountsQuery::Table { table, columns, .. } = &features.database.accounts else {
        panic!("{features:?}")
    };
    assert_eq!(table.name, "Account \"A\"");
    assert_eq!(columns.get(&Field::Plan), None);
    let expression = "plan <> 'free' and (ends_at is null or ends_at > {{now}})";
    assert_eq!(
        columns[&Field::HasPaidAccess],
        Expression::Sql(expression.to_owned())
    );
}

#[test]
fn names_and_keys_have_their_defaults() {
    let columns = "{id: id, customer_id: c, has_paid_access: p, plan: x}";
    let contract =
        format!("  - type: access\n    database: {{users_table: u, columns: {columns}}}\n");
    let paddle = contract.replace("type: access", "type: access\n    source_of_truth: paddle");
    let numbered = contract.replace("type: access", "type: access\n    name: access-2");
    let text = format!("version: 1\ncontracts:\n{contract}{paddle}{numbered}");
    let config = load(&text, PATH).unwrap();
    let names: Vec<_> = config
        .contracts
        .iter()
        .map(|access| access.name.as_str())
        .collect();
    assert_eq!(names, ["access", "access-3", "access-2"]);
    assert_eq!(config.contracts[0].key_env, "STRIPE_SECRET_KEY");
    assert_eq!(config.contracts[1].key_env, "PADDLE_API_KEY");
    assert_eq!(config.contracts[0].database.url_env, "DATABASE_URL");
    // Without `plans` the plan is not read.
    let AccountsQuery::Table { columns, .. } = &config.contracts[0].database.accounts else {
        panic!("{config:?}")
    };
    assert_eq!(columns.get(&Field::Plan), None);
}

#[test]
fn a_section_of_another_source_alone_is_a_mistake() {
    let text = VALID
        .replace("    source_of_truth: stripe\n", "")
        .replace("stripe: { secret_env: STRIPE_SECRET_KEY }", "paddle: {}");
    let diagnostics = load(&text, PATH).unwrap_err();
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].help, "add `source_of_truth: paddle`");
}

#[test]
fn accounts_can_be_matched_by_subscription_ids() {
    let text = VALID.replace("match_on: customer_id", "match_on: subscription_id");
    let diagnostics = load(&text, PATH).unwrap_err();
    assert_eq!(diagnostics.len(), 1);
    assert!(
        diagnostics[0]
            .message
            .contains("missing key `subscription_id`")
    );
    let text = text.replace(
        "stripe_customer_id: stripe_customer_id",
        "subscription_id: sub",
    );
    load(&text, PATH).unwrap();
}

#[test]
fn off_is_off_however_yaml_reads_it() {
    for off in ["off", "\"off\"", "false"] {
        let text = VALID.replace("plan-drift: low", &format!("plan-drift: {off}"));
        let config = load(&text, PATH).unwrap();
        let severities = &config.contracts[0].contract.severities;
        assert_eq!(severities.get(&Rule::PlanDrift), None, "{off}");
    }
}

#[test]
fn a_line_that_is_shown_commands_no_runner() {
    let text = "version: 1\ncontracts: '##[error]x'\n";
    let diagnostics = load(text, "prodverdict.yml").expect_err("a mistake");
    let shown = render(&diagnostics, text, "prodverdict.yml", false);
    assert!(
        shown.contains("[error]x") && !shown.contains("##["),
        "{shown}"
    );
}

#[test]
fn the_plan_column_has_a_default() {
    use prodverdict::{
        config::{AccountsQuery, Expression},
        contract::Field,
    };
    let plan_of = |text: &str| {
        let config = load(text, "prodverdict.yml").expect("a valid file");
        let AccountsQuery::Table { columns, .. } = &config.contracts[0].database.accounts else {
            panic!("a table");
        };
        columns.get(&Field::Plan).cloned()
    };
    let published = include_str!("published.yml");
    let line = published
        .lines()
        .find(|line| line.trim_start().starts_with("plan:"))
        .expect("a line");
    let without = published.replace(&format!("{line}\n"), "");
    assert_eq!(
        plan_of(&without),
        Some(Expression::Column("plan".to_owned()))
    );
    assert_eq!(
        plan_of(&published.replace(line, "        plan: null")),
        None
    );
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let text = VALID
        .replace("version: 1", "version: 3")
        .replace("mode: live", "mode: lvie")
        .replace("plan: plan", "plam: plan")
        .replace("10s", "10")
        .replace("[unpaid]", "[active]");
    let diagnostics = load(&text, PATH).unwrap_err();
    let lines: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.place.line)
        .collect();
    assert_eq!(lines, [1, 7, 16, 26, 32]);
}

#[test]
fn a_problem_keeps_message_hint_and_place() {
    let text = VALID.replace("mode: live", "mode: lvie");
    let diagnostic = load(&text, PATH).unwrap_err().remove(0);
    assert_eq!(
        Problem::from(diagnostic),
        Problem::new(
            Code::InvalidValue,
            "`mode` should be one of `live`, `test`, found `lvie`"
        )
        .hint("did you mean `live`?")
        .at(Place {
            path: "prodverdict.yml".to_owned(),
            line: 7,
            column: 11,
            end_line: 7,
            end_column: 14,
        })
    );
}

#[test]
fn rendering_shows_the_line_as_rustc_does() {
    let text = VALID.replace("stripe_customer_id: ", "stripe_costumer_id: ");
    let mut diagnostics = load(&text, PATH).unwrap_err();
    diagnostics.retain(|diagnostic| diagnostic.code == Code::UnknownKey);
    let expected = "\
error[unknown-key]: unknown key `stripe_costumer_id`
  --> prodverdict.yml:14:9
   |
14 |         stripe_costumer_id: stripe_customer_id
   |         ^^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `stripe_customer_id`?
";
    let rendered = render(&diagnostics, &text, "prodverdict.yml", false);
    assert_eq!(rendered, expected);
    let coloured = render(&diagnostics, &text, "prodverdict.yml", true);
    assert!(coloured.contains("\u{1b}[1m"));
}

#[test]
fn a_secret_is_never_printed_wherever_it_was_pasted() {
    const CANARY: &str = "4eC39HqLyjWDarjtT1zdp7dc";
    for (from, to) in [
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("secret_env: sk_live_{CANARY}"),
        ),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("secret_env: {CANARY}"),
        ),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("secret_env: [{CANARY}]"),
        ),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("secret_env: &{CANARY} x"),
        ),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("secret: \"{CANARY}\""),
        ),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("api_key_env: {CANARY}"),
        ),
        ("secret_env: STRIPE_SECRET_KEY", format!("sk_test_{CANARY}")),
        (
            "secret_env: STRIPE_SECRET_KEY",
            format!("sk_test_{CANARY}: x"),
        ),
        (
            "url_env: DATABASE_URL",
            format!("url_env: postgres://u:{CANARY}@h/d"),
        ),
        (
            "url_env: DATABASE_URL",
            format!("database_url: postgres://u:{CANARY}@h/d"),
        ),
        (
            "url_env: DATABASE_URL",
            format!("url_env: |\n        {CANARY}\n"),
        ),
        (
            "stripe: { secret_env: STRIPE_SECRET_KEY }",
            format!("stripe: sk_live_{CANARY}"),
        ),
        ("mode: live", format!("mode: rk_live_{CANARY}")),
        ("mode: live", format!("mode: \"live # sk_live_{CANARY}")),
        ("[usr_founder]", format!("[sk_live_{CANARY}, ~]")),
    ] {
        assert_eq!(VALID.matches(from).count(), 1);
        let text = VALID.replace(from, &to);
        let diagnostics = load(&text, PATH).expect_err(&to);
        let rendered = render(&diagnostics, &text, PATH, false);
        assert!(!rendered.contains(CANARY), "{rendered}");
        for diagnostic in diagnostics {
            let problem = Problem::from(diagnostic);
            assert!(!format!("{problem:?}").contains(CANARY), "{problem:?}");
        }
    }
}

#[test]
fn a_number_in_place_of_a_variable_is_not_shown() {
    let text = VALID.replace("STRIPE_SECRET_KEY", "4392837465019283");
    let diagnostics = load(&text, PATH).unwrap_err();
    let rendered = render(&diagnostics, &text, PATH, false);
    assert!(!rendered.contains("4392837465019283"), "{rendered}");
}

#[test]
fn only_a_number_is_advised_to_lose_its_quotes() {
    let text = VALID.replace("{ price_1Pro: pro }", "'3'");
    let diagnostics = load(&text, PATH).unwrap_err();
    assert_eq!(diagnostics[0].help, "");
}

#[test]
fn a_word_of_more_than_64_digits_is_text() {
    let named = |length| VALID.replace("name: users", &format!("name: {}", "1".repeat(length)));
    assert_eq!(load(&named(64), PATH).unwrap_err()[0].code, Code::WrongType);
    assert!(load(&named(65), PATH).is_ok());
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = VALID.replace("mode: live", "mode: \"a\u{1b}[2J\u{202e}b\"");
    let diagnostics = load(&text, PATH).unwrap_err();
    let rendered = render(&diagnostics, &text, "a\u{1b}b.yml", false);
    assert!(!rendered.contains(['\u{1b}', '\u{202e}']), "{rendered}");

    let escaped = VALID.replace("mode: live", r#"mode: "\e]0;x\n\u202eb""#);
    let diagnostics = load(&escaped, PATH).unwrap_err();
    let rendered = render(&diagnostics, &escaped, PATH, false);
    assert!(!rendered.contains(['\u{1b}', '\u{202e}']), "{rendered}");
}

#[test]
fn files_that_are_not_a_configuration_get_one_clear_error() {
    for (text, code) in [
        (String::new(), Code::Empty),
        ("# nothing yet\n".to_owned(), Code::Empty),
        ("---\n~\n".to_owned(), Code::Empty),
        ("hello".to_owned(), Code::WrongType),
        ("- version: 1".to_owned(), Code::WrongType),
        ("version: 1\0".to_owned(), Code::Syntax),
        ("[".repeat(100_000), Code::Refused),
        ("{a: ".repeat(50_000), Code::Refused),
        ("- ".repeat(100_000), Code::Refused),
        ("#".repeat(MAX_BYTES), Code::Empty),
        ("#".repeat(MAX_BYTES + 1), Code::TooLarge),
    ] {
        let diagnostics = load(&text, PATH).unwrap_err();
        let codes: Vec<_> = diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code)
            .collect();
        assert_eq!(codes, [code]);
        assert!(render(&diagnostics, &text, PATH, false).contains(code.as_str()));
    }
}

#[test]
fn a_byte_order_mark_and_windows_lines_change_nothing() {
    let text = format!("\u{feff}{}", VALID.replace('\n', "\r\n"));
    let plain = load(VALID, PATH).unwrap();
    let config = load(&text, PATH).unwrap();
    assert_eq!(config, plain);

    let broken = text.replace("version: 1", "versoin: 1");
    let diagnostics = load(&broken, PATH).unwrap_err();
    let unknown = diagnostics
        .iter()
        .find(|diagnostic| diagnostic.code == Code::UnknownKey);
    let place = &unknown.expect("an unknown key").place;
    assert_eq!((place.line, place.column, place.end_column), (1, 1, 7));
    let rendered = render(&diagnostics, &broken, PATH, false);
    assert!(
        rendered.contains("1 | versoin: 1\n  | ^^^^^^^\n"),
        "{rendered}"
    );
}

#[test]
fn thousands_of_mistakes_are_read_and_the_first_are_shown() {
    let mistakes: Vec<_> = (0..20_000).map(|number| format!("k{number}: 1")).collect();
    let text = format!("version: 1\n{}", mistakes.join("\n"));
    let diagnostics = load(&text, PATH).unwrap_err();
    assert_eq!(diagnostics.len(), 20_001);
    let rendered = render(&diagnostics, &text, PATH, false);
    assert!(rendered.ends_with("and 19951 more problems\n"));
}

#[test]
fn hostile_files_cost_no_more_than_their_length() {
    for piece in [
        "sk_live_",
        "a://",
        "a://@",
        "key:a, ",
        "key:",
        "key:\"",
        "a: [",
        "- {x: sk_live_1, y: ~}\n",
        "&a ",
        "'",
        "? ",
    ] {
        let text = format!(
            "version: 1\n{}",
            piece.repeat((MAX_BYTES - 20) / piece.len())
        );
        check_whatever(&text);
    }
}

#[test]
fn findings_point_at_the_line_they_are_about() {
    let config = load(EVERYTHING, PATH).unwrap();
    let line = |contract, rule, price| {
        let place = config.place(contract, rule, price).unwrap();
        assert_eq!(place.path, "prodverdict.yml");
        assert_eq!(place.line, place.end_line);
        let line = EVERYTHING.split('\n').nth(place.line as usize - 1).unwrap();
        line.trim().split(':').next().unwrap().to_owned()
    };
    let first = |rule| line(0, rule, None);
    assert_eq!(first(Rule::RevenueLeak), "has_paid_access");
    assert_eq!(first(Rule::WrongfulAccess), "has_paid_access");
    assert_eq!(first(Rule::NoSubscription), "has_paid_access");
    assert_eq!(first(Rule::PlanDrift), "plans");
    assert_eq!(first(Rule::UnmappedPrice), "plans");
    assert_eq!(first(Rule::DuplicateCustomer), "customer_id");
    assert_eq!(first(Rule::OrphanSubscription), "customer_id");
    assert_eq!(first(Rule::UnlinkedAccess), "customer_id");
    assert_eq!(first(Rule::UnknownStatus), "statuses");
    assert_eq!(first(Rule::DoubleSubscription), "plans");
    assert_eq!(first(Rule::StalePlan), "plan");
    assert_eq!(first(Rule::SeatDrift), "seats");
    assert_eq!(first(Rule::StatusDrift), "status");
    assert_eq!(first(Rule::StaleSubscriptionId), "subscription_id");
    assert_eq!(first(Rule::PeriodDrift), "period_end");
    assert_eq!(first(Rule::CancelFlagDrift), "cancel_at_period_end");
    // For a query, the place is the query; for an omitted key, the contract.
    assert_eq!(line(1, Rule::RevenueLeak, None), "query");
    assert_eq!(line(1, Rule::OrphanSubscription, None), "query");
    assert_eq!(line(1, Rule::UnknownStatus, None), "source_of_truth");
    assert_eq!(line(1, Rule::UnmappedPrice, None), "plans");
    assert_eq!(line(3, Rule::UnmappedPrice, None), "- type");
    assert_eq!(line(2, Rule::SeatDrift, None), "- type");

    let config = load(PUBLISHED, PATH).unwrap();
    let place = config
        .place(0, Rule::PlanDrift, Some("price_1TeamMonthly"))
        .unwrap();
    assert_eq!((place.line, place.column, place.end_column), (18, 7, 30));
    let place = config
        .place(0, Rule::PlanDrift, Some("price_other"))
        .unwrap();
    assert_eq!((place.line, place.column), (16, 5));
    assert_eq!(config.place(1, Rule::PlanDrift, None), None);
}

#[test]
fn a_finding_about_a_value_on_the_next_line_points_at_the_key() {
    let text = VALID.replace("plan: plan", "plan:\n          plan");
    let config = load(&text, PATH).unwrap();
    let place = config.place(0, Rule::StalePlan, None).unwrap();
    assert_eq!((place.line, place.end_line), (16, 16));
}

#[test]
fn advice_points_at_the_key_it_is_about() {
    let config = load(EVERYTHING, PATH).unwrap();
    let line = |contract, about: ContractKey| {
        let place = config.advice_place(contract, &about);
        let line = EVERYTHING.split('\n').nth(place.line as usize - 1).unwrap();
        line.trim().split(':').next().unwrap().to_owned()
    };
    let price = PlanKey::parse("price_1TeamMonthly", Source::Stripe);
    assert_eq!(line(0, ContractKey::Contract), "- type");
    assert_eq!(line(0, ContractKey::Plans(None)), "plans");
    assert_eq!(
        line(0, ContractKey::Plans(Some(price))),
        "price_1TeamMonthly"
    );
    let lookup_key = PlanKey::parse("lookup_key:gold_*", Source::Stripe);
    assert_eq!(line(0, ContractKey::Plans(Some(lookup_key))), "lookup_key");
    assert_eq!(line(0, ContractKey::MetadataAccount), "metadata_account");
    assert_eq!(line(0, ContractKey::Column(Field::Plan)), "plan");
    assert_eq!(line(0, ContractKey::GracePastDue), "grace");
    assert_eq!(line(1, ContractKey::Column(Field::HasPaidAccess)), "query");
    assert_eq!(line(1, ContractKey::GracePastDue), "grace");
    assert_eq!(line(2, ContractKey::MetadataAccount), "- type");
    assert_eq!(line(9, ContractKey::Contract), "contracts");

    let config = load(PUBLISHED, PATH).unwrap();
    let price = PlanKey::parse("price_1TeamMonthly", Source::Stripe);
    let place = config.advice_place(0, &ContractKey::Plans(Some(price)));
    assert_eq!((place.line, place.column), (18, 7));
}

#[test]
fn the_committed_schema_is_fresh() {
    let committed = include_str!("../../../schema/prodverdict.schema.json");
    assert!(
        json_schema() == committed,
        "run `prodverdict schema > schema/prodverdict.schema.json`"
    );
}

#[test]
fn the_schema_accepts_valid_files_and_describes_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for text in [PUBLISHED, EVERYTHING, VALID] {
        // A YAML 1.1 parser reads `off` as false and `on` as true; all are accepted.
        let other = text
            .replace(": off", ": false")
            .replace("evidence: on", "evidence: true");
        for text in [text.to_owned(), other] {
            let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let errors: Vec<_> = validator
                .iter_errors(&value)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
    let mut objects = vec![&schema];
    objects.extend(schema["$defs"].as_object().unwrap().values());
    for properties in objects
        .iter()
        .filter_map(|object| object["properties"].as_object())
    {
        for (key, property) in properties {
            assert!(property["description"].is_string(), "{key}");
        }
    }
}

#[test]
fn the_schema_refuses_mistakes_of_shape() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (from, to, code, ..) in MUTATIONS {
        if !matches!(code, Code::UnknownKey | Code::WrongType) || to.contains('?') {
            continue;
        }
        let text = VALID.replacen(from, to, 1).replace(['«', '»'], "");
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert!(!validator.is_valid(&value), "{to}");
    }
}

/// Checks that every place lies inside the text, and that rendering copes with any input.
fn check_whatever(text: &str) {
    if let Err(diagnostics) = load(text, PATH) {
        assert!(!diagnostics.is_empty());
        for diagnostic in &diagnostics {
            assert!(
                text.get(diagnostic.span.clone()).is_some(),
                "{diagnostic:?}"
            );
            assert!(diagnostic.place.line >= 1 && diagnostic.place.column >= 1);
            assert!(diagnostic.place.line <= diagnostic.place.end_line);
        }
        assert!(!render(&diagnostics, text, PATH, true).is_empty());
    }
}

/// Generates pieces of YAML and of the format, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "version: 1\n",
        "contracts:\n",
        "  - type: access\n",
        "    database:\n",
        "      columns: ",
        "plans: ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "|\n  x\n",
        ">-\n",
        "\"",
        "'",
        "# c\n",
        "\n",
        "\r\n",
        "\r",
        "  ",
        "\t",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "~",
        "null",
        "off",
        "1",
        "0x1F",
        "é",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "𝒳",
        "\\",
        "\\u",
        "@",
        "`",
        "price_your_x",
        "sk_live_x",
        "://a@",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        check_whatever(&text);
    }

    #[test]
    fn any_pieces_of_yaml_are_answered(text in soup()) {
        check_whatever(&text);
    }

    #[test]
    fn a_file_with_a_hole_or_an_insertion_is_answered(
        start in 0..EVERYTHING.len(), length in 0..40usize, insertion in soup(),
    ) {
        let end = (start + length).min(EVERYTHING.len());
        let text = format!("{}{insertion}{}", &EVERYTHING[..start], &EVERYTHING[end..]);
        check_whatever(&text);
    }
}

/// Returns the plan that `plans` assigns to a price.
fn plan_of<'c>(contract: &'c Contract, price: &str) -> Option<&'c str> {
    contract
        .plans
        .plan(&Price::bare(price))
        .map(PlanWords::name)
}
