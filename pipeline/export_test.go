package pipeline

import "github.com/thumbery/thumbery/resize"

// Inspections is the gate of inspections, to be held by tests.
func (p *Pipeline) Inspections() *resize.Gate { return p.inspections }
