# Builds and ships Thumbery on Debian 12 with its libvips.
#
#     docker build -t thumbery .
#     docker run -p 8080:8080 -v thumbery:/cache thumbery --source '/=s3://bucket?region=eu-west-1'

FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libvips-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /thumbery ./cmd/thumbery

FROM debian:bookworm-slim
# jemalloc: glibc's arenas grow in a server that allocates pictures for days.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libvips42 libjemalloc2 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s "$(find /usr/lib -name libjemalloc.so.2)" /usr/local/lib/libjemalloc.so \
    && useradd --system --home-dir /nonexistent thumbery \
    && install -d -o thumbery /cache
COPY --from=build /thumbery /usr/local/bin/thumbery
ENV LD_PRELOAD=/usr/local/lib/libjemalloc.so
USER thumbery
VOLUME /cache
EXPOSE 8080
ENTRYPOINT ["thumbery", "serve", "--cache", "/cache", "--admin", "127.0.0.1:8081"]
