package tracing

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/net/http/httpguts"
)

// check says what is wrong with a value, and what to write instead.
type check func(value string) error

// otlp begins the names of variables that can also be set for traces alone.
const otlp = "OTEL_EXPORTER_OTLP_"

// checks are of the variables that the SDK reads. With a value that it does not understand it
// does something else, or panics.
var checks = []struct {
	name string
	check
}{
	{"OTEL_SDK_DISABLED", oneOf("true", "false")},
	{otlp + "ENDPOINT", endpoint},
	{otlp + "HEADERS", headers},
	{otlp + "CERTIFICATE", certificates},
	{otlp + "COMPRESSION", oneOf("gzip", "none")},
	{otlp + "INSECURE", oneOf("true", "false")},
	{otlp + "TIMEOUT", number(0, maxMilliseconds)},
	{"OTEL_TRACES_SAMPLER", oneOf("always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")},
	{"OTEL_TRACES_SAMPLER_ARG", ratio},
	{"OTEL_RESOURCE_ATTRIBUTES", attributes},
	{"OTEL_BSP_SCHEDULE_DELAY", number(1, maxMilliseconds)},
	{"OTEL_BSP_EXPORT_TIMEOUT", number(0, maxMilliseconds)},
	{queueSize, number(1, maxCount)},
	{batchSize, number(1, maxCount)},
	{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", number(unlimited, maxCount)},
	{"OTEL_ATTRIBUTE_COUNT_LIMIT", number(unlimited, maxCount)},
	{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", number(unlimited, maxCount)},
	{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", number(unlimited, maxCount)},
	{"OTEL_SPAN_EVENT_COUNT_LIMIT", number(unlimited, maxCount)},
	{"OTEL_SPAN_LINK_COUNT_LIMIT", number(unlimited, maxCount)},
	{"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", number(unlimited, maxCount)},
	{"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", number(unlimited, maxCount)},
}

const (
	queueSize = "OTEL_BSP_MAX_QUEUE_SIZE"
	batchSize = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"

	maxMilliseconds = 24 * 60 * 60 * 1000 // a day
	maxCount        = 1_000_000           // memory for as many spans is allocated at the start
	unlimited       = -1
)

// checkEnvironment names the first variable that has a wrong value.
func checkEnvironment() error {
	for _, c := range checks {
		names := []string{c.name}
		if signal, ok := strings.CutPrefix(c.name, otlp); ok {
			names = append(names, otlp+"TRACES_"+signal)
		}
		for _, name := range names {
			if value := os.Getenv(name); value != "" {
				if err := c.check(value); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return cmp.Or(checkClientCertificate(otlp), checkClientCertificate(otlp+"TRACES_"), checkBatchSize())
}

// checkClientCertificate refuses one of the two files without the other.
func checkClientCertificate(prefix string) error {
	file, key := os.Getenv(prefix+"CLIENT_CERTIFICATE"), os.Getenv(prefix+"CLIENT_KEY")
	if file == "" && key == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(strings.TrimSpace(file), strings.TrimSpace(key)); err != nil {
		return fmt.Errorf("%sCLIENT_CERTIFICATE and %sCLIENT_KEY: %w: write the names of two files, PEM, that belong together", prefix, prefix, err)
	}
	return nil
}

// checkBatchSize refuses a batch that the queue has no room for.
func checkBatchSize() error {
	batch, _ := strconv.Atoi(os.Getenv(batchSize))
	queue, _ := strconv.Atoi(cmp.Or(os.Getenv(queueSize), strconv.Itoa(sdk.DefaultMaxQueueSize)))
	if batch > queue {
		return fmt.Errorf("%s: a batch of %d does not fit into the queue of %d: write at most that, or more for %s", batchSize, batch, queue, queueSize)
	}
	return nil
}

// shown is a value in an error; a long one is cut off.
func shown(value string) string { return fmt.Sprintf("%.100q", value) }

func number(least, most int) check {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%s is not possible: write a whole number from %d to %d", shown(value), least, most)
		}
		return nil
	}
}

func oneOf(values ...string) check {
	return func(value string) error {
		if !slices.Contains(values, strings.ToLower(strings.TrimSpace(value))) {
			return fmt.Errorf("%s is not supported: write one of %s", shown(value), strings.Join(values, ", "))
		}
		return nil
	}
}

func ratio(value string) error {
	if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil || !(n >= 0 && n <= 1) {
		return fmt.Errorf("%s is not possible: write a number from 0 to 1, for example 0.01 for one request in a hundred", shown(value))
	}
	return nil
}

// endpoint does not show a value that may have a password.
func endpoint(value string) error {
	const form = "write the collector's URL, for example http://127.0.0.1:4318"
	u, err := url.Parse(strings.TrimSpace(value))
	switch {
	case strings.Contains(value, "@"):
		return fmt.Errorf("must have no user and password, which belong in %sHEADERS: %s", otlp, form)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%s is no URL of HTTP: %s", shown(value), form)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s must end with its path: %s", shown(value), form)
	}
	return nil
}

// headers shows no value, as they are credentials mostly.
func headers(value string) error {
	for pair := range strings.SplitSeq(value, ",") {
		name, text, ok := strings.Cut(pair, "=")
		text, err := url.PathUnescape(text)
		if !ok || err != nil || !httpguts.ValidHeaderFieldName(strings.TrimSpace(name)) || !httpguts.ValidHeaderFieldValue(strings.TrimSpace(text)) {
			return errors.New("is not a list of headers: write NAME=VALUE, with commas between several, and %2C for a comma, %3D for an equals sign and %25 for a percent sign in a value")
		}
	}
	return nil
}

func certificates(value string) error {
	const form = "write the name of a file with certificates, PEM"
	pem, err := os.ReadFile(strings.TrimSpace(value))
	if err != nil {
		return fmt.Errorf("%w: %s", err, form)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s has no certificate that can be read: %s", shown(value), form)
	}
	return nil
}

func attributes(string) error {
	if _, err := resource.New(context.Background(), resource.WithFromEnv()); err != nil {
		return fmt.Errorf("%w: write NAME=VALUE, with commas between several, and %%2C for a comma in a value", err)
	}
	return nil
}
