package pipeline

import "github.com/thumbery/thumbery/pipeline/gate"

// Inspections is the gate of inspections, to be held by tests.
func (p *Pipeline) Inspections() *gate.Gate { return p.inspections }
