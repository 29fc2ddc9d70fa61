//! `prodverdict check access --plan`: prints the cost of a check.

use super::{
    credentials::open,
    failure::Failure,
    output::{Output, OutputError},
    run_parameters::RunParameters,
};
use crate::{
    billing::{RateLimit, ReadPlan},
    config::{AccessContract, Config},
    report,
    sources::{customers_of, describe_cost},
};

/// Prints the cost of checking each contract, without checking it.
pub(super) async fn run(
    config: &Config,
    run: &RunParameters<'_>,
    output: &Output,
) -> Result<u8, OutputError> {
    let mut status = 0;
    for contract in &config.contracts {
        match cost(contract, run).await {
            Ok(Some((plan, rate_limit))) => {
                let provider = contract.contract.source.provider();
                output.data(&describe_cost(&contract.name, provider, &plan, rate_limit))?;
            }
            Ok(None) => {}
            Err(failure) => {
                status = super::COULD_NOT_TELL;
                output.say(&report::problems(
                    &[failure.problem],
                    output.color_on_stderr,
                ));
            }
        }
    }
    Ok(status)
}

async fn cost(
    contract: &AccessContract,
    run: &RunParameters<'_>,
) -> Result<Option<(ReadPlan, RateLimit)>, Failure> {
    let sources = open(contract, run)?;
    let customers = if sources.billing.is_listed_by_customer() {
        customers_of(&sources.accounts.all().await?.accounts)
    } else {
        Vec::new()
    };
    sources.billing.cost(&customers).await
}
