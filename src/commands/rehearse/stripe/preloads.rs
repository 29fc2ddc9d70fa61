//! Writes the files that redirect an application to a fake Stripe, for applications that are started elsewhere.

use fake_stripe::redirect;

use crate::{
    cli::RehearseArgs,
    commands::{COULD_NOT_TELL, fake_stripe::FakeError, output::Output},
    problem::Problem,
    report,
};

/// Writes the preloads that the command line names, and returns the exit status.
pub(in crate::commands::rehearse) fn write_preloads(
    arguments: &RehearseArgs,
    output: &Output,
) -> u8 {
    let node = arguments.node_preload.as_ref().map(|path| {
        redirect::write_node_preload(path).map(|()| {
            let (node, variable) = (redirect::node_options(path), redirect::VARIABLE);
            format!(
                "wrote {}; start the application with\n  NODE_OPTIONS='{node}' {variable}=http://127.0.0.1:12111",
                path.display()
            )
        })
    });
    let python = arguments.python_path.as_ref().map(|folder| {
        redirect::write_python_path(folder).map(|path| {
            format!(
                "wrote {}; start the application with\n  PYTHONPATH='{}' {}=http://127.0.0.1:12111",
                path.display(),
                folder.display(),
                redirect::VARIABLE
            )
        })
    });
    let mut status = 0;
    for written in [node, python].into_iter().flatten() {
        match written {
            Ok(said) => output.say(&said),
            Err(error) => {
                let problem = Problem::from(FakeError::from(error));
                output.say(&report::problems(&[problem], output.colour_on_stderr));
                status = COULD_NOT_TELL;
            }
        }
    }
    status
}
