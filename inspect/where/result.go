package where

import "github.com/backtrail/backtrail/inspect"

// Schema is the name of the JSON form of a Result.
const Schema = "backtrail.dev/where/v1"

// Result is what runs or ran something, by place, the newest first.
type Result struct {
	Schema string `json:"schema"`
	// Every image at a place is in exactly one of the four. A place that ran two images has two outcomes.
	Matches     []Match   `json:"matches"`     // hits
	Window      []Match   `json:"window"`      // no hits, and built in the window
	NotChecked  []Skipped `json:"notChecked"`  // could not be checked, and why
	NotAffected int       `json:"notAffected"` // images at places that were checked and have nothing of it
	// the NotAffected by name, for screens; the JSON form has their number, since they may be the whole fleet
	Clear []Skipped `json:"-"`
}

// Match is something that an image has, at one of the places where the image ran.
type Match struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"`
	Container string `json:"container"`
	Digest    string `json:"digest"`
	// the package with its version, the digest, the subject of an advisory, or what was built when
	What      string       `json:"what"`
	Path      string       `json:"path"`
	Layer     int          `json:"layer"` // number in the manifest; -1 where it is in no one layer
	FirstSeen inspect.Time `json:"firstSeen"`
	LastSeen  inspect.Time `json:"lastSeen"`
}

// Skipped is an image at a place where it could not be checked.
// The reason names what would answer the question: a deeper look, data, a newer version.
type Skipped struct {
	Cluster   string       `json:"cluster"`
	Namespace string       `json:"namespace"`
	Workload  string       `json:"workload"`
	Container string       `json:"container"`
	Digest    string       `json:"digest"`
	Reason    string       `json:"reason"`
	FirstSeen inspect.Time `json:"firstSeen"`
	LastSeen  inspect.Time `json:"lastSeen"`
}
