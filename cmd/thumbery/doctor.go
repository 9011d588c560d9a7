package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/doctor"
	"github.com/thumbery/thumbery/internal/progress"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// doctorCmd has those flags of serve, with their environment variables, that name something
// outside of the process.
type doctorCmd struct {
	settings.FormatFlags
	settings.WorkerFlags
	settings.CacheFlag
	Source []storage.Source `default:"${default_source}" sep:" " help:"Backends of the originals, as for serve."`
}

// Validate is called by kong.
func (c *doctorCmd) Validate() error { return settings.CheckSources(c.Source) }

// Run prints a line for each check, and fails if something is wrong.
func (c *doctorCmd) Run(stdout io.Writer) error {
	memory, err := c.WorkerMemory()
	if err != nil {
		return err
	}
	config := doctor.Config{
		Engine:  func(ctx context.Context) (doctor.Engine, error) { return c.inspect(ctx, memory) },
		Formats: c.FormatSet(), Required: c.Sandbox == "require", Cache: c.Cache, Sources: c.Source,
		Open: func(u *url.URL) (storage.Backend, error) { return origins.OpenBackend(u, s3.Options{}) },
	}
	bar := progress.New(os.Stderr, io.Discard) // each check has a line
	config.About = func(done, all int, what string) { bar.Show(done, all, "looking at "+what) }
	found := map[doctor.Status]int{}
	for check := range doctor.Run(context.Background(), config) {
		bar.Done()
		fmt.Fprintf(stdout, "%-6s %-12s %s\n", check.Status, check.Name, check.Message)
		found[check.Status]++
	}
	bar.Done()
	return concludeDoctor(found, stdout)
}

// concludeDoctor says what to do next.
func concludeDoctor(found map[doctor.Status]int, stdout io.Writer) error {
	wrong, worse := found[doctor.Wrong], found[doctor.Slow]+found[doctor.Weak]
	switch {
	case wrong > 0:
		fmt.Fprintln(stdout, "next: mend what is wrong, and run it again")
		return fmt.Errorf("doctor: %d of %d checks found something wrong", wrong, wrong+worse+found[doctor.OK])
	case worse > 0:
		fmt.Fprintln(stdout, "next: thumbery serve works with these settings; the lines that are not ok say what would make it better")
	default:
		fmt.Fprintln(stdout, "next: thumbery serve works with these settings")
	}
	return nil
}

// inspect starts a worker, to find out what it can do.
func (c *doctorCmd) inspect(ctx context.Context, memory int64) (doctor.Engine, error) {
	able, walls, err := describeWorker(ctx, &c.WorkerFlags, engine.Config{Formats: c.FormatSet()})
	return doctor.Engine{Capabilities: able, Workers: c.WorkerCount(), Memory: memory, Walls: walls}, err
}
