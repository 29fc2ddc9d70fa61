//! Writes the files that redirect an application to the fake providers, for applications that are started elsewhere.

use fake_http::{PADDLE, STRIPE, redirect};

use crate::{
    cli::RehearseArgs,
    commands::{COULD_NOT_TELL, fake_servers::FakeError, output::Output},
    problem::Problem,
    report,
};

/// Writes the preloads that the command line names, and returns the exit status.
pub(super) fn write_preloads(arguments: &RehearseArgs, output: &Output) -> u8 {
    let node = arguments.node_preload.as_ref().map(|path| {
        redirect::write_node_preload(path).map(|()| {
            let (node, variable) = (redirect::node_options(path), STRIPE.variable);
            format!(
                "wrote {}; start the application with\n  NODE_OPTIONS='{node}' {variable}=http://127.0.0.1:12111\n{}",
                path.display(),
                for_paddle()
            )
        })
    });
    let python = arguments.python_path.as_ref().map(|folder| {
        redirect::write_sitecustomize(folder).map(|path| {
            format!(
                "wrote {}; start the application with\n  PYTHONPATH='{}' {}=http://127.0.0.1:12111\n{}",
                path.display(),
                folder.display(),
                STRIPE.variable,
                for_paddle()
            )
        })
    });
    let mut status = 0;
    for written in [node, python].into_iter().flatten() {
        match written {
            Ok(said) => output.say(&said),
            Err(error) => {
                let problem = Problem::from(FakeError::from(error));
                output.say(&report::problems(&[problem], output.color_on_stderr));
                status = COULD_NOT_TELL;
            }
        }
    }
    status
}

/// Returns the line about the other provider, whose fake has another address.
fn for_paddle() -> String {
    format!("For Paddle, set {}=http://127.0.0.1:12112", PADDLE.variable)
}
