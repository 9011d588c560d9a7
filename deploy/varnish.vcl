# Thumbery behind a Varnish that keeps only what is hot: Thumbery counts what is
# asked for, and says of a derivative that was asked for often enough how long
# Varnish may keep it (Surrogate-Control). Until that time has passed, Varnish asks
# for it no more. Start Thumbery with
#
#     thumbery serve --hot-after 10 --hot-window 1m \
#       --hot-header "Surrogate-Control: max-age=3600" …
#
# and Varnish with as much memory as what is hot may take:
#
#     varnishd -a :80 -f /etc/varnish/thumbery.vcl -s malloc,1G
#
# Change the places marked CHANGE. It works with Varnish 6.0 and later.
#
# What Varnish keeps is out of reach of a purge and of DELETE /cache/<key>. With
# thumbery behind nginx and --accel, nginx has to pass the header on: put
# "add_header Surrogate-Control $upstream_http_surrogate_control always;" into its
# internal location.

vcl 4.1;

import std;

# There is no "return (retry)" and no "return (restart)" here, and there should be
# none: with several servers, a picture that ends one process would end them all. If
# a connection that was kept ends without an answer, Varnish itself asks the same
# server once more.
backend thumbery {
    .host = "127.0.0.1";            # CHANGE if Thumbery listens elsewhere
    .port = "8080";                 # CHANGE
    .connect_timeout = 2s;
    # A picture that has to be made may wait for its origin and for its turn.
    .first_byte_timeout = 90s;
    .between_bytes_timeout = 10s;
}

sub vcl_recv {
    # Pictures are the same for everybody.
    unset req.http.Cookie;
    unset req.http.Authorization;
    # Whether a client says so is no concern of ours: see Thumbery's --accel.
    unset req.http.X-Thumbery-No-Accel;
    # Thumbery takes no notice of queries, and anybody can think of as many as they
    # like: of all, there is to be one picture here.
    set req.url = regsub(req.url, "\?.*$", "");
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    return (hash);
}

sub vcl_backend_response {
    # Only Surrogate-Control decides. Cache-Control is for browsers, who may keep
    # everything.
    if (beresp.http.Surrogate-Control ~ "(?i)(^|[,; ])max-age=[0-9]*[1-9]") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.Surrogate-Control, "(?i)^(.*[,; ])?max-age=([0-9]+).*$", "\2") + "s", 0s);
        # Nothing is served for longer than Thumbery has said.
        set beresp.grace = 0s;
    } else {
        # Not hot. This is remembered for some seconds, in which nobody waits for
        # what somebody else asks for as well: Thumbery makes a picture once for all
        # who wait. As soon as an answer is hot, it takes the place of this.
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
    # Each cache says what it has done (RFC 9211), the one nearest to the client
    # last.
    if (resp.http.Cache-Status && obj.hits > 0) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish;hit";
        # The id is that of the request by which it came here.
        unset resp.http.X-Request-Id;
    } else if (resp.http.Cache-Status) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish;fwd=uri-miss";
    }
}
