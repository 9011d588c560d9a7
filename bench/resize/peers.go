package main

import (
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

//go:embed node/sharp.mjs
var sharpSource []byte

// peersDir is where packages of others are installed.
const peersDir = ".tools/peers"

// peer is a service that somebody started for us to measure.
type peer struct {
	name string
	pid  int
	url  string // with {path}, {w} and {h}
}

func (b *bench) addPeer(given string) error {
	parts := strings.SplitN(given, ",", 3)
	if len(parts) != 3 {
		return fmt.Errorf("want NAME,PID,URL")
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return err
	}
	b.given = append(b.given, peer{parts[0], pid, parts[2]})
	b.peers = true
	return nil
}

func (p peer) service(dir string) *service {
	return &service{name: p.name, pid: p.pid, url: func(file string, o op, round int) string {
		address := strings.NewReplacer(
			"{path}", url.PathEscape(filepath.Join(dir, file)), "{file}", url.PathEscape(file),
			"{w}", strconv.Itoa(o.width), "{h}", strconv.Itoa(o.height), "{format}", o.format,
		).Replace(p.url)
		return address
	}}
}

// startPeers starts what others there are.
func (b *bench) startPeers(dir string) (all []*service, err error) {
	sharp, err := b.sharp(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "resize: without sharp:", err)
	} else {
		all = append(all, sharp)
	}
	for _, p := range b.given {
		all = append(all, p.service(dir))
	}
	return all, nil
}

// sharp starts node/sharp.mjs.
func (b *bench) sharp(dir string) (*service, error) {
	home := filepath.Join(peersDir, "sharp")
	if _, err := os.Stat(filepath.Join(home, "node_modules", "sharp")); err != nil {
		if err := os.MkdirAll(home, 0o755); err != nil {
			return nil, err
		}
		if err := command("", "npm", "install", "--prefix", home, "--no-audit", "--no-fund", "sharp"); err != nil {
			return nil, err
		}
	}
	script := filepath.Join(home, "server.mjs")
	if err := os.WriteFile(script, sharpSource, 0o644); err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	address, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(address, ":")
	pid, err := b.spawn(address, node, script, dir, port)
	if err != nil {
		return nil, err
	}
	p := peer{"sharp", pid, "http://" + address + "/{file}?w={w}&h={h}&f={format}"}
	return p.service(dir), nil
}
