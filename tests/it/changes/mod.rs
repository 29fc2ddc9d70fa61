//! Checks the places that findings refer to, on a corpus of realistic pull requests.

mod corpus;
mod hostile;
