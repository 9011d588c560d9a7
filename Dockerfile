# Builds and ships Thumbery on Debian 13 with its packaged libvips, 8.16.
#
#     docker build -t thumbery .
#     docker run -p 8080:8080 -v thumbery:/cache thumbery --source '/=s3://bucket?region=eu-west-1'

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
# aom. A font for text.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates fonts-dejavu-core libheif-plugin-aomenc libvips42t64 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /nonexistent thumbery \
    && install -d -o thumbery /cache
COPY --from=build /src/bin/thumbery /src/bin/thumbery-worker /usr/local/bin/
RUN thumbery version
USER thumbery
VOLUME /cache
EXPOSE 8080
ENTRYPOINT ["thumbery", "serve", "--cache", "/cache", "--admin", "127.0.0.1:8081"]
