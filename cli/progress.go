package cli

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/kenrec/ken/engine"
)

// bar shows how far a long call has come, on stderr and only when that is a terminal. Its zero value shows nothing.
type bar struct {
	b     *progressbar.ProgressBar
	name  string    // of the file that is imported
	start time.Time // of its import
}

// newBar returns a bar for a call that tells done, total and unit by engine.Progress.
func (a *app) newBar(what string) *bar {
	if !a.errTerm.is {
		return &bar{}
	}
	return &bar{b: progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// report is the Progress function of a long call; nil when nothing is shown, so that the call need not count.
func (p *bar) report() func(engine.Progress) {
	if p.b == nil {
		return nil
	}
	unit := ""
	return func(s engine.Progress) {
		if s.Unit != unit {
			unit = s.Unit
			progressbar.OptionSetItsString(unit)(p.b)
		}
		if s.Total > 0 && s.Total != p.b.GetMax64() {
			p.b.ChangeMax64(s.Total)
		}
		_ = p.b.Set64(s.Done) // a bar that cannot be drawn is nothing to fail for
	}
}

// done removes the bar.
func (p *bar) done() {
	if p.b != nil {
		_ = p.b.Finish()
	}
}

// newFileBar returns a bar for the import of a file of size bytes, -1 when that is not known: it shows bytes read, and
// rows a second beside them.
func (a *app) newFileBar(name string, size int64) *bar {
	if !a.errTerm.is {
		return &bar{}
	}
	return &bar{name: name, start: time.Now(), b: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(name),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// reportRows is the Progress function of an import.
func (p *bar) reportRows() func(engine.Progress) {
	if p.b == nil {
		return nil
	}
	return func(s engine.Progress) {
		rate := float64(s.Done) / max(time.Since(p.start).Seconds(), 1e-3)
		p.b.Describe(fmt.Sprintf("%s  %d rows, %.0f rows/s", p.name, s.Done, rate))
		_ = p.b.Set64(s.Bytes)
	}
}
