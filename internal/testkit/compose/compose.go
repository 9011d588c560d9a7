// Package compose builds the validator of Compose files that the Compose Specification provides.
package compose

import "github.com/thumbery/thumbery/internal/testkit/pinned"

// Tool is the validator that tools/compose.mod pins. It prints the model of a file.
func Tool() pinned.Tool {
	const module = "github.com/compose-spec/compose-go/v2"
	return pinned.Tool{Name: "compose", Module: module, Package: module + "/cmd"}
}
