# Varnish in front of several nodes of Thumbery: all sizes and formats of a picture are
# served by one node, so that the cluster fetches each original once and keeps each
# derivative once. Varnish keeps hot pictures in memory, and notices within a second or
# two when a node dies, hangs or is cut off. Start each node with
#
#     thumbery serve --listen :8080 --admin :8081 --drain 5s --cache /var/cache/thumbery \
#       --hot-after 10 --hot-window 1m --hot-header "Surrogate-Control: max-age=1" …
#
# with THUMBERY_ADMIN_TOKEN in its environment, and Varnish with
#
#     varnishd -a :80 -f /etc/varnish/thumbery.vcl -s malloc,1G
#
# Change the lines marked CHANGE. Needs Varnish 7.1 or later. See docs/balancers.md; what is
# not explained here is explained in deploy/varnish.vcl.

vcl 4.1;

import directors;
import std;

# With one of these files, Thumbery removes forgotten pictures from Varnish, and
# --hot-header may say an hour; see docs/cache.md.
#xkey include "/etc/varnish/varnish-xkey.vcl";  # CHANGE
#bans include "/etc/varnish/varnish-ban.vcl";   # CHANGE

# Varnish probes the port that it sends requests to. A node answers "/", which is no
# picture, with 400. A node is sick when two of the last three probes failed: at most a
# second (200 + 300 + 200 + 300 ms) after it stopped answering.
probe alive {
    .request = "GET / HTTP/1.1" "Host: localhost" "Connection: close";
    .expected_response = 400;
    .interval = 200ms;
    .timeout = 300ms;
    .window = 3;
    .threshold = 2;
    .initial = 2;
}

# The name of a backend is its place on the ring. Leave it when the address changes.
backend node1 {
    .host = "10.0.0.1"; .port = "8080";         # CHANGE
    .probe = alive;
    .connect_timeout = 1s;
    # A miss may wait for its origin and in the queue.
    .first_byte_timeout = 90s;
    .between_bytes_timeout = 10s;
}
backend node2 {
    .host = "10.0.0.2"; .port = "8080";         # CHANGE
    .probe = alive;
    .connect_timeout = 1s;
    .first_byte_timeout = 90s;
    .between_bytes_timeout = 10s;
}
backend node3 {
    .host = "10.0.0.3"; .port = "8080";         # CHANGE
    .probe = alive;
    .connect_timeout = 1s;
    .first_byte_timeout = 90s;
    .between_bytes_timeout = 10s;
}

# The same nodes without probes, for when none passes them: all are overloaded then, or the
# probes are wrong.
backend any1 { .host = "10.0.0.1"; .port = "8080"; .connect_timeout = 1s; .first_byte_timeout = 90s; }    # CHANGE
backend any2 { .host = "10.0.0.2"; .port = "8080"; .connect_timeout = 1s; .first_byte_timeout = 90s; }    # CHANGE
backend any3 { .host = "10.0.0.3"; .port = "8080"; .connect_timeout = 1s; .first_byte_timeout = 90s; }    # CHANGE

sub vcl_init {
    new cluster = directors.shard();
    cluster.add_backend(node1);
    cluster.add_backend(node2);
    cluster.add_backend(node3);
    # Warm-up: this part of the requests for a picture goes to the node that would have it
    # next, so that it is there when the first one fails. Each picture that is requested
    # often is then on two nodes, and fetched and made twice: 0 for none. --shared does
    # the same without.
    cluster.set_warmup(0.0);                    # CHANGE, for example to 0.1
    # Ramp-up: a node that was sick gets its pictures back little by little, within this
    # time. Good for nodes with an empty disk, bad for nodes that were restarted, as
    # others make their pictures meanwhile.
    cluster.set_rampup(0s);                     # CHANGE, for example to 60s
    # 300 points for each node on the ring, so that their shares differ little.
    cluster.reconfigure(300);

    new anyway = directors.shard();
    anyway.add_backend(any1, ident="node1");
    anyway.add_backend(any2, ident="node2");
    anyway.add_backend(any3, ident="node3");
    anyway.reconfigure(300);
}

sub vcl_recv {
    # Pictures are the same for every user.
    unset req.http.Cookie;
    unset req.http.Authorization;
    unset req.http.X-Thumbery-No-Accel;
    # Thumbery ignores queries.
    set req.url = regsub(req.url, "\?.*$", "");
    # The picture of a path, /OPTIONS/KEY or /s.KID.SIGNATURE/OPTIONS/KEY. Varnish cannot
    # decode it: /300x/c%61t.jpg goes to another node than /300x/cat.jpg, which fetches
    # the original for itself. Link pictures by one spelling, as "thumbery url" prints it.
    set req.http.X-Picture = regsub(req.url, "^/(s\.[^/]*/)?[^/]*/(.)", "\2");
    # By site instead of by picture: all that is requested by one host name on one node.
    #site set req.http.X-Picture = std.tolower(regsub(req.http.Host, ":.*$", ""));
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    return (hash);
}

sub vcl_backend_fetch {
    # The second attempt goes to the next node on the ring.
    set bereq.backend = cluster.backend(by=KEY, key=cluster.key(bereq.http.X-Picture), alt=bereq.retries);
    if (!bereq.backend) {
        set bereq.backend = anyway.backend(by=KEY, key=anyway.key(bereq.http.X-Picture), alt=bereq.retries);
    }
}

sub vcl_backend_error {
    # A request that got no answer, because the node could not be reached or died, is sent
    # to one more node. It may be, because nodes make pictures in processes of their own:
    # a picture cannot end a node. Not after first_byte_timeout, which is longer: a picture
    # that takes too long would occupy one node after the other.
    if (bereq.retries == 0 && now - bereq.time < 3s) {
        return (retry);
    }
}

sub vcl_backend_response {
    # Only Surrogate-Control decides. Cache-Control is for browsers.
    if (beresp.http.Surrogate-Control ~ "(?i)(^|[,; ])max-age=[0-9]*[1-9]") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.Surrogate-Control, "(?i)^(.*[,; ])?max-age=([0-9]+).*$", "\2") + "s", 0s);
        # Serve nothing beyond the time that Thumbery has set, but keep it so long that
        # the node can answer 304.
        set beresp.grace = 0s;
        set beresp.keep = 1m;
    } else {
        # Not hot: see deploy/varnish.vcl.
        set beresp.uncacheable = true;
        set beresp.ttl = 10s;
        set beresp.keep = 0s;
    }
    unset beresp.http.Surrogate-Control;
    # Who served a picture. For tests: it tells clients the names of your nodes.
    #debug set beresp.http.X-Served-By = beresp.backend.name;
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    # The tags of pictures are for Varnish, and for a CDN in front of it. Without a CDN, hide
    # what --tag-header adds:
    #notags unset resp.http.Cache-Tag;
    #notags unset resp.http.Surrogate-Key;
    #notags unset resp.http.xkey;
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
