//! The pictures of the documentation, drawn from what the program really says.
