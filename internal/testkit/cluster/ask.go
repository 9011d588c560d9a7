package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Get requests a path from the admin listener, and returns the body of an answer with status
// 200. With another status, there is an error.
func (n *Node) Get(ctx context.Context, path string) ([]byte, error) {
	return n.Ask(ctx, http.MethodGet, path)
}

// Ask is Get with another method.
func (n *Node) Ask(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.Admin+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+Token)
	req.Close = true // a node that is stopped must not wait for this connection
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, body)
	}
	return body, err
}

// Sum reads a metric, such as "thumbery_fetch_seconds_count" for the sum over all labels, or
// `thumbery_resizing{of="original"}` for those series whose labels begin so. What was
// never counted is 0.
func (n *Node) Sum(ctx context.Context, metric string) (float64, error) {
	text, err := n.Get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	return sumMetric(text, metric)
}

// sumMetric adds up the series of a metric in a text of Prometheus.
func sumMetric(text []byte, metric string) (sum float64, err error) {
	prefix := strings.TrimSuffix(metric, "}")
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), prefix)
		if !found || rest == "" || !strings.ContainsRune(` {,}`, rune(rest[0])) {
			continue
		}
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		sum += value
	}
	return sum, nil
}
