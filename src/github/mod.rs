//! Publishing to GitHub: check run, annotations, comment, job summary, outputs.
