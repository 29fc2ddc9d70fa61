//! The command to run, as words of a command line or as text for the shell.

use std::{ffi::OsString, fmt, process::Command};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// A program and its arguments, run without a shell.
    Words {
        program: OsString,
        arguments: Vec<OsString>,
    },
    /// A command for `/bin/sh`.
    Shell(String),
}

impl CommandLine {
    /// Reads the words after `--`; `None` if there are none.
    pub fn from_words(words: &[OsString]) -> Option<Self> {
        let (program, arguments) = words.split_first()?;
        Some(Self::Words {
            program: program.clone(),
            arguments: arguments.to_vec(),
        })
    }

    pub(super) fn command(&self) -> Command {
        match self {
            Self::Words { program, arguments } => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            Self::Shell(text) => {
                let mut command = Command::new("/bin/sh");
                command.arg("-c").arg(text);
                command
            }
        }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words { program, arguments } => {
                f.write_str(&program.to_string_lossy())?;
                for argument in arguments {
                    write!(f, " {}", argument.to_string_lossy())?;
                }
                Ok(())
            }
            Self::Shell(text) => f.write_str(text),
        }
    }
}
