# Works with both of Docker's builders: nothing here needs BuildKit.
# Change the tag, the digest and rust-toolchain.toml together.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082

FROM ${RUST_IMAGE} AS build

# Debian keeps one revision of each package, so pinning one here would only break the next build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends busybox-static ca-certificates \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /build

# Without an explicit target, cargo would link build scripts and macros statically too, which fails.
ENV RUSTFLAGS="-C target-feature=+crt-static" \
    CARGO_INCREMENTAL=0

# `image-test` compiles in a third of the time; only tests use it.
ARG PROFILE=release

# The dependencies come first, so that a change in the sources does not invalidate their layer.
COPY Cargo.toml Cargo.lock ./
COPY crates/baseline/Cargo.toml crates/baseline/
COPY crates/config/Cargo.toml crates/config/
COPY crates/contract/Cargo.toml crates/contract/
COPY crates/fake-http/Cargo.toml crates/fake-http/
COPY crates/fake-paddle/Cargo.toml crates/fake-paddle/
COPY crates/fake-stripe/Cargo.toml crates/fake-stripe/
COPY crates/github-transport/Cargo.toml crates/github-transport/
COPY crates/problem/Cargo.toml crates/problem/
COPY crates/rehearsal/Cargo.toml crates/rehearsal/
COPY crates/report/Cargo.toml crates/report/
COPY crates/testing/Cargo.toml crates/testing/
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && for crate in crates/*; do mkdir "$crate/src" && touch "$crate/src/lib.rs" || exit 1; done \
    && cargo build --profile "$PROFILE" --locked --bin prodverdict --target "$(uname -m)-unknown-linux-gnu" \
    && rm -r src crates/*/src

COPY . .
# A file in the context may be older than the empty one above, and cargo compares modification times.
RUN touch src/main.rs src/lib.rs crates/*/src/lib.rs \
    && cargo build --profile "$PROFILE" --locked --bin prodverdict --target "$(uname -m)-unknown-linux-gnu" \
    && mkdir -p /image/bin /image/etc/ssl/certs \
    && cp "target/$(uname -m)-unknown-linux-gnu/$PROFILE/prodverdict" /image/prodverdict \
    && cp /bin/busybox /image/bin/sh \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && echo 'root:x:0:0:root:/root:/bin/sh' > /image/etc/passwd \
    && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
    && install --mode=755 entrypoint.sh /image/entrypoint.sh

# No USER: the runner's files for outputs and summary belong to the host's user, and only root may write to them.
# No WORKDIR: the runner sets the working directory.
FROM scratch
COPY --from=build /image/ /
ENTRYPOINT ["/entrypoint.sh"]
