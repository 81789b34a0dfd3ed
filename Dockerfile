# A node of Pinhole as an image: how it is built, pinned and run is in docs/host.md.

# The one base, for both stages: Node and what it is linked to. A tag can be moved; `--build-arg BASE=TAG@sha256:DIGEST` pins it.
ARG BASE=docker.io/library/node:26.10.0-bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ARG COMMIT=unknown
# A mirror of the registry, where there is one, comes as a secret: it leaves no layer.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    node deploy/release/main.ts --source . --folder /opt/pinhole --commit "${COMMIT}" && ln -s /usr/local /opt/pinhole/node

FROM ${BASE} AS slim
# What installs packages, and what would make another user of a user, is nothing that a node needs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn* /opt/yarn* /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man /root/.npm /tmp/* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 pinhole \
    && useradd --uid 10001 --gid pinhole --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pinhole \
    && install -d -m 1777 /run/pinhole \
    && ln -s /opt/pinhole/pinhole /usr/local/bin/pinhole
COPY --from=build /opt/pinhole /opt/pinhole

# One layer: what was removed above is then nowhere.
FROM scratch
COPY --from=slim / /
# A folder that the node makes itself: whatever an engine mounts above it, this one is its own.
ENV PATH=/usr/local/bin:/usr/bin:/bin RUNTIME_DIRECTORY=/run/pinhole/node
USER 10001:10001
EXPOSE 443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/node", "/opt/pinhole/deploy/host/live.ts"]
# It ends in `exec`: signals reach the supervisor.
ENTRYPOINT ["/opt/pinhole/pinhole"]
CMD ["serve", "-c", "/etc/pinhole/pinhole.yaml"]
