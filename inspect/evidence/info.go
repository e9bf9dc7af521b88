package evidence

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Labels of bag-info.txt that are ours (RFC 8493, 2.2.2 leaves room for them).
const (
	infoOxum = "Payload-Oxum"
	// Hash of the last line of custody.jsonl: without it the chain could be cut at its end.
	infoCustody = "Backtrail-Custody"
	infoAccess  = "Backtrail-Access"
	// The bundle that the case was opened from and whether it was intact, as ParentOf writes it; none for a case of
	// this machine.
	infoParent = "Backtrail-Parent"
	// A bag whose signature was taken away still states here that it had one.
	infoSigned = "Signed"
	// Likewise of a timestamp; no label where none was asked for.
	infoTimestamp   = "Backtrail-Timestamp"
	infoDescription = "External-Description"
	infoID          = "External-Identifier"
	infoLayers      = "Backtrail-Layers"
	infoStatus      = "Backtrail-Case-Status"
	infoComplete    = "Backtrail-Case-Complete"
)

// writeInfo writes bag-info.txt: what belongs to the act of exporting, and no payload depends on.
// Each is one line, LABEL: VALUE (RFC 8493, 2.2.2). Values are cleaned, since a line break in one would begin a label.
func (x *export) writeInfo() error {
	size, files := x.bag.Oxum()
	complete := "no: the case is partial"
	v := verdict.Of(&x.c)
	if v.Complete {
		complete = "yes"
	}
	signed := "no"
	if x.o.Sign != nil {
		signed = "yes"
	}
	stamped := ""
	if x.o.Timestamp != nil {
		stamped = "yes"
	}
	date, at := endOf(x.c), ""
	if !x.o.Exported.IsZero() {
		date, at = x.o.Exported, x.o.Exported.Format(lineTime)
	}
	lines := [][2]string{
		{"Bag-Software-Agent", toolName(x.c.Tool)},
		{"Bagging-Date", date.Format("2006-01-02")},
		{"Contact-Name", x.o.Who},
		{infoID, x.id},
		{infoDescription, "evidence of " + x.c.Target.Name},
		{infoOxum, fmt.Sprintf("%d.%d", size, files)},
		{infoSigned, signed},
		{infoTimestamp, stamped},
		{infoCustody, x.stream.last},
		{infoParent, cmp.Or(x.o.Parent, "none")},
		{infoAccess, x.o.Access},
		{"Backtrail-Exported-By", x.o.Who},
		{"Backtrail-Exported-At", at},
		{infoLayers, string(cmp.Or(x.o.Layers, LayersSuspect))},
		{infoStatus, string(v.Status)},
		{infoComplete, complete},
	}
	var b bytes.Buffer
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", l[0], text.Clean(l[1]))
		}
	}
	return x.bag.AddBytes(bagit.InfoFile, b.Bytes())
}
