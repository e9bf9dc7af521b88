package label

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// Alert writes all that is known of an alert. Rule, output and path are what a sensor sent, which quotes what a
// process chose: command lines and file names may be made to mislead whoever reads them. They are cleaned by the
// document and wrapped, never cut.
func Alert(d *widget.Document, a inspect.Alert) {
	d.Say(widget.ToneBad, a.Rule)
	d.Field("priority", a.Priority)
	when := Stamp(a.Time)
	if a.Imprecise {
		when += " (imprecise: the line has no date or no zone)"
	}
	d.Field("time", when)
	if a.Last.After(a.Time.Time) {
		d.Field("last", Stamp(a.Last))
	}
	d.Field("source", a.Source)
	if a.Count > 1 {
		d.Field("count", fmt.Sprint(a.Count))
	}
	d.Field("matched by", strings.TrimSpace(a.Match+" "+a.Why))
	d.Field("container", strings.TrimSpace(a.Container+" "+a.ContainerID))
	if a.File.Path != "" || a.Path != "" {
		d.Heading("Where the file is")
		d.Field("path", cmp.Or(a.File.Path, a.Path))
		d.Outcome(originSign(a.File), cmp.Or(a.File.Origin, inspect.OriginUnknown), a.File.Detail)
		if a.File.Layer >= 0 && a.File.Origin != "" {
			d.Field("layer", fmt.Sprint(a.File.Layer))
		}
		d.Field("sha256", a.File.SHA256)
	}
	d.Heading("As received")
	d.Say(widget.TonePlain, a.Output)
	if len(a.Flags) > 0 {
		d.Field("flags", strings.Join(a.Flags, " "))
	}
}

// originSign: a file that is in the image is found for certain, and that is no good news; all else is open. There is
// no origin that is good: a file that is not found in the image may have been written at run time.
func originSign(f inspect.AlertFile) widget.Sign {
	if f.Origin == inspect.OriginImage {
		return widget.SignBad
	}
	return widget.SignOpen
}
