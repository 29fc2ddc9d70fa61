//! `prodverdict validate`: reports every problem of a configuration file at once.

use super::{COULD_NOT_TELL, configuration, output::Output};
use crate::{
    cli::ConfigArgs,
    report::{self, Mask},
};

pub(super) fn run(arguments: &ConfigArgs) -> u8 {
    let output = Output::of_process(Mask::default());
    match configuration::load(&arguments.config) {
        Ok(config) => {
            output.say(&report::warnings(&config.warnings, output.colour_on_stderr));
            let contracts = config.contracts.len();
            let plural = if contracts == 1 { "" } else { "s" };
            super::print(&format!(
                "{}: valid, {contracts} contract{plural}\n",
                arguments.config.display()
            ))
        }
        Err(unusable) => {
            match unusable.rendered(output.colour_on_stderr) {
                Some(rendered) => output.say(&rendered),
                None => output.say(&report::problems(
                    &unusable.problems(),
                    output.colour_on_stderr,
                )),
            }
            COULD_NOT_TELL
        }
    }
}
