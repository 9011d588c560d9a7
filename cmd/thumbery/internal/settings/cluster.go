package settings

import (
	"fmt"

	"github.com/thumbery/thumbery/invalidation/peers"
)

// ClusterFlags are about other nodes.
type ClusterFlags struct {
	Peers string `placeholder:"URL,…" help:"The admin listeners of all nodes, which tell each other what to forget: dns+http://NAME:8081 for all addresses of a host name, or base URLs separated by commas; this node may be among them. A picture that is deleted, purged by --source, or named in a bucket notification at one node is then forgotten by all, also by one that was down. All must have the same --admin-token."`
}

// Validate refuses what is no list of URLs.
func (f *ClusterFlags) Validate() error {
	if _, err := peers.Parse(f.Peers); err != nil {
		return fmt.Errorf("--peers: %w: write dns+http://thumbery:8081, or http://10.0.0.1:8081,http://10.0.0.2:8081", err)
	}
	return nil
}
