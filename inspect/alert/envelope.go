package alert

import (
	"bytes"
	"encoding/base64"
	"errors"
	"regexp"
	"time"

	"github.com/valyala/fastjson"
)

// maxEnvelopes bounds how deep an alert may be wrapped. A CRI line that fluent-bit sent to
// Elasticsearch is three deep.
const maxEnvelopes = 6

// prefix is what a log collector writes in front of a line.
type prefix struct {
	// the first group is the time, if there is one
	form *regexp.Regexp
	// certain prefixes are cut off in any case, the others only where an alert or a time follows:
	// text of any kind may look like them.
	certain bool
	// of the time, apart from those of clock
	layouts []string
}

// Layouts of times that have no year or no zone. They date a time of day, and no more.
const (
	layoutBSD   = "Jan _2 15:04:05"     // RFC 3164 section 4.1.2, journalctl -o short
	layoutLocal = "2006-01-02 15:04:05" // journalctl -o short-full
)

// Parts of the forms below.
const (
	ansi    = `\x1b\[[0-9;]*m`
	isoTime = `(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)`
)

// prefixes are the forms, the narrower ones first.
var prefixes = []prefix{
	{form: regexp.MustCompile(`^\[pod/[^\] ]+\] `), certain: true}, // kubectl logs --prefix
	// RFC 5424 section 6: priority, version, time, host, program, process, message ID, structured
	// data. In front of it stands the length of the message where lines are framed by it (RFC 6587
	// section 3.4.1).
	{
		form: regexp.MustCompile(
			`^(?:\d{1,6} )?<\d{1,3}>1 (\S+) \S+ \S+ \S+ \S+ (?:-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+) ?(?:\x{FEFF})?`,
		),
		certain: true,
	},
	// the priority of RFC 3164
	{form: regexp.MustCompile(`^(?:\d{1,6} )?<\d{1,3}>`), certain: true},
	// kubectl --timestamps, CRI, short-iso
	{form: regexp.MustCompile(`^` + isoTime + ` (?:(?:stdout|stderr) [FP] )?`), certain: true},
	{
		form: regexp.MustCompile(
			`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? [A-Z0-9+-]{1,6} `,
		), certain: true,
		layouts: []string{layoutLocal},
	},
	{
		form: regexp.MustCompile(
			`^((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d)(?:\.\d+)? `,
		), certain: true,
		layouts: []string{layoutBSD},
	},
	{form: regexp.MustCompile(`^(\d{9,10})\.\d{3,9} `), certain: true},    // journalctl -o short-unix
	{form: regexp.MustCompile(`^\[ *\d{1,9}\.\d{3,9}\] `), certain: true}, // journalctl -o short-monotonic
	// journalctl -o export and verbose: a field a line
	{form: regexp.MustCompile(`^MESSAGE=`)},
	{form: regexp.MustCompile(`^` + isoTime + `\t[\w.*/-]+\t`), certain: true}, // fluentd, out_file
	// fluent-bit, stdout: number, tag, time and metadata; what closes the list is cut off in parseContent
	{form: regexp.MustCompile(`^\[\d+\] [\w.*/-]+: \[\[?(\d{9,10})\.\d+(?:, \{[^{}]*\}\])?, `)},
	{form: regexp.MustCompile(`^[\w.-]+/[\w.-]+\[[\w.-]+\]: `)}, // kail: namespace, pod, container
	{form: regexp.MustCompile(`^\[[\w.-]+(?: [\w.-]+)?\] `)},    // kubetail: pod, container
	{form: regexp.MustCompile(`^[^\t{]{1,200}\t`)},              // Kafka's console consumer: the key
	// klog: level and date, time, thread, place in the source
	{form: regexp.MustCompile(`^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w./-]+:\d+\] `)},
	{form: regexp.MustCompile(`^[\w.-]+ [\w./@-]+(?:\[\d+\])?: `)}, // host, program, process
	{form: regexp.MustCompile(`^[\w./@-]+(?:\[\d+\])?: `)},         // program, process
	// stern: namespace, pod, container
	{form: regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])? ){2,3}`)},
	{form: regexp.MustCompile(`^[\w.-]+ +\| `)},                                            // docker compose logs
	{form: regexp.MustCompile(`^\{\w+="(?:[^"\\]|\\.)*"(?:, ?\w+="(?:[^"\\]|\\.)*")*\} `)}, // logcli: the labels
}

// Forms that are searched for apart from prefixes.
var (
	colors    = regexp.MustCompile(ansi)
	beginsISO = regexp.MustCompile(`^` + isoTime + ` `)
	// jsonStart distinguishes a JSON object from the labels of Loki.
	jsonStart = regexp.MustCompile(`^\{\s*["}]`)
)

// begins reports that an alert begins here: an object, or the head of Falco's text.
func begins(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == '{' {
		return jsonStart.Match(line)
	}
	_, _, ok := head(string(line[:min(len(line), 64)]))
	return ok
}

// unwrap cuts off what log collectors write in front of an alert. The moment is when the line was
// written, if they state it.
func unwrap(line []byte, seen moment) ([]byte, moment) {
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = colors.ReplaceAll(line, nil)
	}
	line = bytes.TrimPrefix(bytes.TrimSpace(line), []byte("\ufeff"))
	line = bytes.TrimPrefix(line, []byte{0x1e}) // RFC 7464, journalctl -o json-seq
	for range maxEnvelopes {
		if begins(line) {
			break
		}
		rest, at, ok := cutPrefix(line, seen)
		if !ok {
			break
		}
		line, seen = bytes.TrimSpace(rest), at
	}
	return line, seen
}

// cutPrefix cuts off one prefix.
func cutPrefix(line []byte, seen moment) ([]byte, moment, bool) {
	for i := range prefixes {
		p := &prefixes[i]
		at := p.form.FindSubmatchIndex(line)
		if at == nil {
			continue
		}
		rest := line[at[1]:]
		if !p.certain && !begins(rest) && !beginsISO.Match(rest) {
			continue
		}
		if len(at) > 2 && at[2] >= 0 {
			seen = p.written(string(line[at[2]:at[3]]), seen)
		}
		return rest, seen, true
	}
	return line, seen, false
}

// written reads the time of a prefix. Without a year it is the one that puts it before the end of
// the day that is known.
func (p *prefix) written(stamp string, seen moment) moment {
	for _, layout := range p.layouts {
		t, err := time.Parse(layout, stamp)
		if err != nil {
			continue
		}
		if t.Year() == 0 {
			now := seen.at
			if now.IsZero() {
				return seen
			}
			if t = t.AddDate(now.Year(), 0, 0); t.After(now.AddDate(0, 0, 2)) {
				t = t.AddDate(-1, 0, 0)
			}
		}
		return moment{at: t}
	}
	if t, ok := instant(stamp); ok {
		return moment{at: t, near: true}
	}
	return seen
}

// envelopes are where collectors put the line or the object that they hand on.
var envelopes = [][]string{
	{"log_processed"},       // fluent-bit, merged
	{"log"},                 // Docker's json-file, fluent-bit
	{"MESSAGE"},             // journalctl -o json
	{"message"},             // CloudWatch, Elasticsearch, stern -o json
	{"@message"},            // CloudWatch Logs Insights
	{"line"},                // logcli -o jsonl
	{"_source"},             // a hit of Elasticsearch or OpenSearch
	{"data"},                // CloudEvents 1.0 section 3.1
	{"data_base64"},         // the same, binary
	{"event", "original"},   // ECS
	{"event"},               // Splunk's HTTP Event Collector
	{"falco", "alert"},      // Elastic's integration
	{"falco"},               // the same, older
	{"body", "stringValue"}, // OTLP logs
	{"body"},                // OTLP logs, flattened
	{"jsonPayload"},         // Google Cloud Logging
	{"textPayload"},         // the same, text
	{"Message"},             // Amazon SNS
	{"LogMessage"},          // Azure's ContainerLogV2
	{"message", "data"},     // Google Pub/Sub, base64
	{"result", "_raw"},      // Splunk's export
	{"_raw"},                // the same, a row
	{"attributes"},          // Datadog's search of logs
}

// stamps are where collectors put the time of a line.
var stamps = []string{"time", "timestamp", "@timestamp", "__REALTIME_TIMESTAMP", "ts"}

// fromEnvelope reads the alert that a collector's object contains.
func fromEnvelope(v *fastjson.Value, seen moment, depth int) (Alert, error) {
	if depth > maxEnvelopes {
		return Alert{}, errNoAlert
	}
	for _, key := range stamps {
		if t, ok := instant(text(v.Get(key))); ok {
			seen = moment{at: t, near: true}
			break
		}
	}
	failed := errNoAlert
	for _, path := range envelopes {
		inner := v.Get(path...)
		if inner == nil {
			continue
		}
		encoded := path[0] == "data_base64" || len(path) == 2 && path[1] == "data"
		a, err := fromWrapped(inner, encoded, seen, depth+1)
		if err == nil || errors.Is(err, errOther) {
			return a, err
		}
	}
	return Alert{}, failed
}

// fromWrapped reads the value of an envelope: an object, a line, or the bytes of a line.
func fromWrapped(inner *fastjson.Value, encoded bool, seen moment, depth int) (Alert, error) {
	switch inner.Type() {
	case fastjson.TypeObject:
		return fromObject(inner, seen, depth)
	case fastjson.TypeString:
		line := inner.GetStringBytes()
		if encoded {
			plain, err := base64.StdEncoding.DecodeString(string(line))
			if err != nil {
				return Alert{}, errNoAlert
			}
			line = plain
		}
		return parseContent(line, seen, depth)
	case fastjson.TypeArray: // journald writes what is not UTF-8 as a list of bytes
		list := inner.GetArray()
		line := make([]byte, 0, len(list))
		for _, b := range list {
			n, err := b.Int()
			if err != nil || n < 0 || n > 255 {
				return Alert{}, errNoAlert
			}
			line = append(line, byte(n))
		}
		return parseContent(bytes.ToValidUTF8(line, []byte("\ufffd")), seen, depth)
	default:
		return Alert{}, errNoAlert
	}
}
