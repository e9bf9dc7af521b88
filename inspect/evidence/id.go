package evidence

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
)

// ID names a case by its start and its target, so that names sort by time: 20261123T031204Z-web-7d9f.
func ID(h inspect.Header) string { return report.ID(h.Target, h.Started) }
