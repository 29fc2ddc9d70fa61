//! `prodverdict validate`: reports every problem of a configuration file at once.

use super::{COULD_NOT_TELL, configuration, failure::fail, output::Output};
use crate::{
    cli::ConfigArgs,
    report::{self, Mask},
};

pub(super) fn run(arguments: &ConfigArgs) -> u8 {
    let output = Output::of_process(Mask::default());
    match configuration::load(&arguments.config) {
        Ok(config) => {
            output.say(&report::warnings(&config.warnings, output.color_on_stderr));
            let contracts = config.contracts.len();
            let plural = if contracts == 1 { "" } else { "s" };
            super::print(&format!(
                "{}: valid, {contracts} contract{plural}\n",
                arguments.config.display()
            ))
        }
        Err(unusable) => {
            let Some(rendered) = unusable.rendered(output.color_on_stderr) else {
                return fail(&output, &unusable.problems());
            };
            output.say(&rendered);
            COULD_NOT_TELL
        }
    }
}
