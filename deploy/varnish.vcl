# Varnish in front of Thumbery, as a cache of popular pictures: Thumbery counts
# requests, and tells Varnish for how long it may keep a derivative that is requested
# often (Surrogate-Control). Start Thumbery with
#
#     thumbery serve --hot-after 10 --hot-window 1m \
#       --hot-header "Surrogate-Control: max-age=3600" …
#
# and Varnish with the memory that popular pictures may take:
#
#     varnishd -a :80 -f /etc/varnish/thumbery.vcl -s malloc,1G
#
# Change the lines marked CHANGE. Needs Varnish 6.0 or later. See docs/cache.md.
#
# If nginx with --accel is between the two, let it pass the header on: put
# "add_header Surrogate-Control $upstream_http_surrogate_control always;" into its
# internal location.
#
# Pictures that Thumbery forgets stay in Varnish, unless it is told, with --purge-url: then
# include one of deploy/purge/varnish-*.vcl after the next line.

vcl 4.1;

import std;

# Do not add "return (retry)" or "return (restart)": with several servers, a picture
# that takes too long would occupy all of them. If a reused connection ends without a
# response, Varnish itself sends the request to the same server once more.
backend thumbery {
    .host = "127.0.0.1";            # CHANGE if --listen has another address
    .port = "8080";                 # CHANGE
    .connect_timeout = 2s;
    # A miss may wait for its origin and in the queue.
    .first_byte_timeout = 90s;
    .between_bytes_timeout = 10s;
}

sub vcl_recv {
    # Pictures are the same for every user.
    unset req.http.Cookie;
    unset req.http.Authorization;
    # For nginx only: see --accel.
    unset req.http.X-Thumbery-No-Accel;
    # Thumbery ignores queries, and clients can vary them at will: cache one picture
    # for all of them.
    set req.url = regsub(req.url, "\?.*$", "");
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    return (hash);
}

sub vcl_backend_response {
    # Only Surrogate-Control decides. Cache-Control is for browsers.
    if (beresp.http.Surrogate-Control ~ "(?i)(^|[,; ])max-age=[0-9]*[1-9]") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.Surrogate-Control, "(?i)^(.*[,; ])?max-age=([0-9]+).*$", "\2") + "s", 0s);
        # Serve nothing beyond the time that Thumbery has set.
        set beresp.grace = 0s;
    } else {
        # Not hot. Varnish remembers that for 10 seconds, in which it does not make
        # requests wait for each other: Thumbery coalesces them. A hot response
        # replaces this at once.
        set beresp.uncacheable = true;
        set beresp.ttl = 10s;
    }
    set beresp.keep = 0s;
    unset beresp.http.Surrogate-Control;
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    # The tags of --tag-header. A CDN in front of Varnish needs them: remove its line then.
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    # Cache-Status (RFC 9211) has an entry for each cache, that nearest to the client
    # last.
    if (resp.http.Cache-Status && obj.hits > 0) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish;hit";
        # The cached id is that of the request that filled the cache.
        unset resp.http.X-Request-Id;
    } else if (resp.http.Cache-Status) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish;fwd=uri-miss";
    }
}
