package graph

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
)

// kvLog receives what Badger logs and counts its errors: some of its faults show nowhere else.
type kvLog struct {
	to     *slog.Logger
	errors atomic.Int64
}

func (l *kvLog) Errorf(format string, args ...any) {
	l.errors.Add(1)
	l.to.Error("storage", "said", cut(fmt.Sprintf(format, args...)))
}

func (l *kvLog) Warningf(format string, args ...any) {
	l.to.Warn("storage", "said", cut(fmt.Sprintf(format, args...)))
}

// Badger's idea of information is ours of debugging.
func (l *kvLog) Infof(format string, args ...any) {
	l.to.Debug("storage", "said", cut(fmt.Sprintf(format, args...)))
}

// Debugf is dropped: it prints keys, and keys are ids.
func (l *kvLog) Debugf(string, ...any) {}

// cut keeps the start of a message on one line.
func cut(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
