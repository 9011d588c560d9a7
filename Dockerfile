# Builds and ships Thumbery on Debian 13 with its packaged libvips, 8.16.
#
#     docker build -t thumbery .
#     export THUMBERY_ADMIN_TOKEN=$(openssl rand -hex 32)
#     docker run --read-only --cap-drop ALL --stop-timeout 40 -e THUMBERY_ADMIN_TOKEN \
#         -p 8080:8080 -v thumbery:/cache thumbery --source '/=s3://bucket?region=eu-west-1'

FROM golang:1.26-trixie AS build
WORKDIR /src
COPY tools/install.sh tools/
RUN tools/install.sh
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN make build VERSION="$VERSION"

FROM debian:trixie-slim
# All but ca-certificates is for thumbery-worker. libheif writes AVIF with its plugin for
# aom. A font for text. The user's id is a number below, so that orchestrators see that it
# is not root.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates fonts-dejavu-core libheif-plugin-aomenc libvips42t64 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 999 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin thumbery \
    && install -d -o thumbery -g thumbery -m 750 /cache
COPY --from=build /src/bin/thumbery /src/bin/thumbery-worker /usr/local/bin/
RUN thumbery version
USER 999:999
# Nothing else is written to: the root file system may be read-only.
VOLUME /cache
# Both listeners can be reached from outside of the container, for probes and scrapes. So
# the admin listener needs a THUMBERY_ADMIN_TOKEN; do not publish its port.
EXPOSE 8080
ENV THUMBERY_CACHE=/cache THUMBERY_ADMIN=:8081
# Running requests may take --drain and --grace to end: give docker stop 40 seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["thumbery", "health"]
ENTRYPOINT ["thumbery", "serve"]
