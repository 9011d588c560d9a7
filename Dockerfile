# Builds and ships Thumbery on Debian 12 with a current libvips.
#
#     docker build -t thumbery .
#     docker run -p 8080:8080 -v thumbery:/cache thumbery --source '/=s3://bucket?region=eu-west-1'

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY tools/install.sh tools/vips.sh tools/
RUN tools/vips.sh && install -D .vips/lib/libvips.so.42 /out/lib/libvips.so.42
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN make build VERSION="$VERSION" && install -D bin/thumbery /out/bin/thumbery

FROM debian:bookworm-slim
# What libvips is linked with, and a font for text. librsvg, OpenJPEG and poppler read
# nothing without --svg, --jp2 and --pdf. jemalloc: glibc's arenas grow
# in a server that allocates pictures for days.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates fonts-dejavu-core libjemalloc2 \
        libcairo2 libcgif0 libexif12 libexpat1 libfontconfig1 libglib2.0-0 libheif1 libimagequant0 libjpeg62-turbo \
        libjxl0.7 liblcms2-2 libopenjp2-7 libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 libpoppler-glib8 \
        librsvg2-2 libtiff6 libwebp7 libwebpdemux2 libwebpmux3 \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s "$(find /usr/lib -name libjemalloc.so.2)" /usr/local/lib/libjemalloc.so \
    && useradd --system --home-dir /nonexistent thumbery \
    && install -d -o thumbery /cache
COPY --from=build /out/ /usr/local/
RUN ldconfig && thumbery version
ENV LD_PRELOAD=/usr/local/lib/libjemalloc.so
USER thumbery
VOLUME /cache
EXPOSE 8080
ENTRYPOINT ["thumbery", "serve", "--cache", "/cache", "--admin", "127.0.0.1:8081"]
