//! One use case a file; the only place that wires the edges together.
