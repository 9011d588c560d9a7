# Lets Thumbery remove pictures from Varnish by their tag, with bans, which need no
# module. Every object is compared with every ban that is younger than it was when it was
# last compared, so with many pictures, or many purges a second, varnish-xkey.vcl is
# better. Needs Varnish 6.6 or later.
#
# Include this file in the first lines of yours, for example of deploy/varnish.vcl, after
# "vcl 4.1;", so that it sees requests first:
#
#     include "/etc/varnish/varnish-ban.vcl";
#
# and start Thumbery with
#
#     thumbery serve --tag-header xkey --purge-url http://varnish.example:6081/ …
#
# once for each Varnish. See docs/cache.md.

vcl 4.1;

import std;

# Who may purge: the nodes of Thumbery. Remove "localhost" if a proxy on this machine, such as
# one for TLS, passes requests of clients on to Varnish: they could purge, too.
acl thumbery_nodes {
    "localhost";                    # CHANGE: their addresses or networks, such as
    # "10.0.0.0"/24;
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ thumbery_nodes) {
            return (synth(403, "Forbidden"));
        }
        if (req.http.xkey !~ "^[0-9a-f]{32}( [0-9a-f]{32})*$") {
            return (synth(400, "Not a list of tags"));
        }
        # The ban is about the object alone, so that Varnish's ban lurker can drop
        # objects, and then the ban, in the background.
        if (!std.ban("obj.http.xkey ~ " + regsuball(req.http.xkey, " ", "|"))) {
            return (synth(503, std.ban_error()));
        }
        return (synth(200, "Banned"));
    }
}

sub vcl_deliver {
    # The tag is of no use to clients. It stays on the cached object.
    unset resp.http.xkey;
}
