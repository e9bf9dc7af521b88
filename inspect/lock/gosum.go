package lock

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// readGoSum reads a go.sum: a module, its version and a hash in each line. Lines for the go.mod alone are no module
// that was built. All are spare: go.sum also names versions that were only looked at. "golang.org/x/text v0.21.0
// h1:zyQAAkrwaneQ066sspRyJaG9VNi/YJ1NfzcGB3hZ/qo=" is an example of a line.
func readGoSum(data []byte) ([]entry, error) {
	var all []entry
	layer.Lines(data, func(line string) {
		fields := strings.Fields(line)
		if len(fields) != 3 || strings.HasSuffix(fields[1], "/go.mod") || len(all) >= maxEntries {
			return
		}
		all = append(all, entry{name: fields[0], version: fields[1], integrity: fields[2], spare: true})
	})
	return clip(all), nil
}
