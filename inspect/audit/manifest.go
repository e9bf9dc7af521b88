package audit

import (
	"bytes"
	_ "embed" // the manifest
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

//go:embed manifest.yaml
var manifestText string

// Job is an audit that runs every night in the cluster.
type Job struct {
	Image     string // of backtrail
	Namespace string // that it runs in; empty: backtrail
	Schedule  string // of cron
	Depth     Depth
	Selector  string // of labels of the pods that are audited
	Shards    int    // parts of an Indexed Job; 0: one process
}

// indexesPerWorker is how many parts one worker makes, one after the other: so many that a part that takes long does
// not keep the others idle, and so few that each reads the base layers of its images once.
const indexesPerWorker = 6

// manifestShards bounds the parts of a manifest; more workers than that wait for the registry, not for each other.
const manifestShards = 1000

// The forms: labels of RFC 1123 for names, the characters of a reference for images, those of five cron fields or a
// shorthand such as @daily for schedules, those of label selectors for selectors.
// What may stand in the manifest. It is text that a person applies, so nothing in it may begin a new line or a quote.
const (
	objectName    = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	imageForm     = `^[a-zA-Z0-9][a-zA-Z0-9./:@_-]{0,300}$`
	scheduleForm  = `^[0-9A-Za-z*/,@ -]{1,100}$`
	selectorForm  = `^[0-9A-Za-z=!,.()/ _-]{0,300}$`
	cronFields    = 5
	cronShorthand = "@"
)

// fits compiles a form where it is used, once in a run: at the start of the program the four take 3 ms and 600 kB.
func fits(form, value string) bool { return regexp.MustCompile(form).MatchString(value) }

// Manifest returns the objects as YAML: a namespace, an account that may only read, a volume, and a CronJob. Nothing is
// written to a cluster: a person applies it. Errors: a value that cannot stand in it.
func (j Job) Manifest() ([]byte, error) {
	if j.Namespace == "" {
		j.Namespace = "backtrail"
	}
	switch {
	case !fits(objectName, j.Namespace):
		return nil, fmt.Errorf("making the manifest: %q is no name of a namespace", j.Namespace)
	case !fits(imageForm, j.Image):
		return nil, fmt.Errorf("making the manifest: %q is no reference of an image", j.Image)
	case !fits(scheduleForm, j.Schedule) || !strings.HasPrefix(j.Schedule, cronShorthand) &&
		len(strings.Fields(j.Schedule)) != cronFields:
		return nil, fmt.Errorf("making the manifest: %q is no schedule of cron, such as \"17 2 * * *\"", j.Schedule)
	case !fits(selectorForm, j.Selector):
		return nil, fmt.Errorf("making the manifest: the selector %q cannot stand in it", j.Selector)
	case j.Shards < 0 || j.Shards > manifestShards:
		return nil, fmt.Errorf("making the manifest: %d shards; it takes up to %d", j.Shards, manifestShards)
	}
	// text/template, since this is YAML: html/template would escape. That nothing ends a line or a quote rests on the
	// forms above, and on a test.
	t, err := template.New("manifest").Parse(manifestText)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, j); err != nil {
		return nil, fmt.Errorf("making the manifest: %w", err)
	}
	return b.Bytes(), nil
}

// Workers is how many parts are made at once.
func (j Job) Workers() int { return max(1, (j.Shards+indexesPerWorker-1)/indexesPerWorker) }

// Arguments are those of the container.
func (j Job) Arguments() []string {
	all := []string{"audit", "--in-cluster", "--depth", string(j.Depth)}
	if j.Selector != "" {
		all = append(all, "--selector", j.Selector)
	}
	if j.Shards > 0 {
		return append(all, "--shard", "$(JOB_COMPLETION_INDEX)/"+strconv.Itoa(j.Shards), "--out", "/data/parts")
	}
	return append(all, "--cache", "/data/cache", "--output", "json")
}
