// Package trustroot has the trusted root of the public Sigstore instance: a copy in the program with the date it was
// fetched, and a client of The Update Framework (TUF, https://theupdateframework.github.io/specification/latest/) that
// fetches the one of today. `make trust-root` renews the copy, and a release is refused while it is older than MaxAge.
package trustroot

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Target is the name of the trusted root among the targets of a Sigstore TUF repository, and of its copy here.
const (
	Target       = "trusted_root.json"
	embeddedFile = "embedded_root.json"
	originFile   = "embedded_root.origin.json"
)

// MaxAge is the age past which a release is refused. New keys of the public instance are announced months before they
// sign: a copy of this age has the keys of everything that was signed until then, and most likely for some time after.
const MaxAge = 90 * 24 * time.Hour

// embedded is the copy, byte by byte as the repository had it: its digest stands in cases.
//
//go:embed embedded_root.json
var embedded []byte

//go:embed embedded_root.origin.json
var embeddedOrigin []byte

// Origin is where a copy came from. It stands beside the copy, since a trusted root has no date of its own.
type Origin struct {
	Fetched time.Time `json:"fetched"` // UTC; of a copy that is not by TUF, the date of the release that had it
	Source  string    `json:"source"`  // the repository's address, or the module and version
	TUF     bool      `json:"tuf"`     // fetched and verified by TUF; a copy from a module may be older than its date
}

// Embedded returns the copy in this program. The bytes are shared: callers do not change them.
func Embedded() []byte { return embedded }

// EmbeddedOrigin returns where the copy in this program came from. An error is a defect of the build.
func EmbeddedOrigin() (Origin, error) { return readOrigin(embeddedOrigin) }

// readOrigin reads the file beside a copy. A date or source that is missing is an error: an age would be made up.
func readOrigin(data []byte) (Origin, error) {
	var o Origin
	if err := json.Unmarshal(data, &o); err != nil {
		return Origin{}, fmt.Errorf("reading %s: %w", originFile, err)
	}
	if o.Fetched.IsZero() || o.Source == "" {
		return Origin{}, fmt.Errorf("reading %s: the date or the source is missing", originFile)
	}
	return o, nil
}

// Days is the age of the copy in whole days. It is never negative, since the clock of a laptop may be wrong.
func (o Origin) Days(now time.Time) int { return max(0, int(now.Sub(o.Fetched).Hours()/24)) }

// String is the origin for people: when it was fetched, from where, and by what.
func (o Origin) String() string {
	day := o.Fetched.UTC().Format(time.DateOnly)
	if o.TUF {
		return fmt.Sprintf("fetched %s from %s by TUF", day, o.Source)
	}
	return fmt.Sprintf("copied from %s of %s, not fetched by TUF", o.Source, day)
}

// ErrStale is the error of a copy that must not go into a release.
var ErrStale = errors.New("the embedded trust root is stale")

// Check returns ErrStale for a copy that is older than MaxAge, that is from the future, or that was never fetched by
// TUF, whose true age nothing proves.
func (o Origin) Check(now time.Time) error {
	switch age := now.Sub(o.Fetched); {
	case !o.TUF:
		return fmt.Errorf("%w: it was %s; run make trust-root where the network is reachable", ErrStale, o)
	case age > MaxAge:
		return fmt.Errorf("%w: it was %s, %d days ago, and at most %d are allowed; run make trust-root", ErrStale, o,
			o.Days(now), int(MaxAge.Hours()/24))
	case age < -24*time.Hour:
		return fmt.Errorf("%w: it was %s, which is in the future of this machine's clock", ErrStale, o)
	}
	return nil
}
