# Lets Thumbery remove pictures from Varnish by their tag, with the module xkey (Debian
# and Ubuntu: apt install varnish-modules). Without that module take varnish-ban.vcl.
#
# Include this file in the first lines of yours, for example of deploy/varnish.vcl, after
# "vcl 4.1;", so that it sees requests first:
#
#     include "/etc/varnish/varnish-xkey.vcl";
#
# and start Thumbery with
#
#     thumbery serve --tag-header xkey --purge-url http://varnish.example:6081/ …
#
# once for each Varnish. See docs/cache.md.

vcl 4.1;

import xkey;

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
        # Not softpurge: that would serve the old picture while the new one is fetched.
        return (synth(200, "Purged " + xkey.purge(req.http.xkey)));
    }
}

sub vcl_deliver {
    # The tag is of no use to clients. It stays on the cached object.
    unset resp.http.xkey;
}
