package content

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Libraries download, decode and start programs as a matter of course, often within a few lines. What Strict finds in a
// module stands in one expression, or is of no use to a library at all.

// nestedWithin bounds what stands between a call that runs something and what gives it that, in bytes: the name of a
// module, a wrapper or two.
const nestedWithin = 48

// requested matches a call that runs a parameter of a request, as web shells of PHP have it: eval($_POST['x']).
var requested = regexp.MustCompile(`(?i)\b(eval|assert|system|exec|passthru|shell_exec|popen|proc_open)` +
	`\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b`)

// Strict gives the signs that hardly any harmless module has, each once:
//
//	exec(base64.b64decode("…"))            decoded and run in one expression
//	eval(URI.open("https://…").read)       downloaded and run in one expression
//	os.system("curl https://… | sh")       a shell is given a download
//	https.request(…).end(JSON.stringify(process.env))
//	eval($_POST["x"])                      a web shell
//
// and strings of miners, of which one is enough only for a caller who knows that it is new: Miners counts them.
func Strict(text []byte) []Found {
	d, err := embedded()
	if err != nil {
		return nil // a test proves that it can be read
	}
	text = text[:min(len(text), MaxText)]
	read := code(text)
	t := scanned{text: text, hits: d.look(read)}
	t.nested(read)
	t.shells()
	t.sendsAll()
	t.first(Mines, classMiner)
	if at := requested.FindIndex(read); at != nil {
		t.add(RunsRequest, at[0], at[1])
	}
	return t.found
}

// Miners counts the different strings of miners in a text, in lower case as they stand in most.
func Miners(text []byte) int {
	n := 0
	for _, w := range MinerWords() {
		if bytes.Contains(text, []byte(w)) {
			n++
		}
	}
	return n
}

// nested adds what is run in the expression that decodes or downloads it.
func (t *scanned) nested(read []byte) {
	for _, pair := range []struct {
		sign Sign
		from class
	}{{RunsDownload, classFetch}, {RunsDecoded, classDecode}} {
		for _, x := range t.hits[classRun] {
			at := slices.IndexFunc(t.hits[pair.from], func(y hit) bool { return y.start >= x.end })
			if at < 0 || !strings.HasSuffix(x.word, "(") {
				continue
			}
			y := t.hits[pair.from][at]
			if y.start-x.end <= nestedWithin && wraps(read[x.end:y.start]) && (!shellCommand(y.word) ||
				t.piped(read, y.end)) {
				t.add(pair.sign, x.start, y.end)
				break
			}
		}
	}
}

// wraps reports whether bytes are no more than names, dots, quotes and brackets of calls on one line.
func wraps(between []byte) bool {
	return bytes.IndexFunc(between, func(r rune) bool {
		return !strings.ContainsRune("_.:@()'\"\\ \t", r) && (r > 0x7f || !inName(byte(r)))
	}) < 0
}

// shellCommand reports a string of the command line of a shell, which does not run what it downloads by itself.
func shellCommand(word string) bool {
	return strings.HasSuffix(word, " ") || strings.Contains(word, " -")
}

// piped reports whether the line goes on with a pipe into a shell.
func (t *scanned) piped(read []byte, from int) bool {
	line, _, _ := bytes.Cut(read[from:], []byte("\n"))
	return slices.ContainsFunc(t.hits[classRun], func(h hit) bool {
		return strings.HasPrefix(h.word, "|") && h.start >= from && h.start < from+len(line)
	})
}

// shells adds a shell that is tied to a connection, but for calls that daemons make too.
func (t *scanned) shells() {
	for _, h := range t.hits[classShell] {
		if !slices.Contains([]string{"os.dup2(", "pty.spawn(", "mkfifo /tmp/"}, h.word) {
			t.add(ReverseShell, h.start, h.end)
			return
		}
	}
}

// sendsAll adds the whole environment near something that sends, and credentials beside a service for dropping data.
func (t *scanned) sendsAll() {
	for _, secret := range t.hits[classSecret] {
		whole := strings.Contains(secret.word, "process.env") || strings.Contains(secret.word, "environ)") ||
			strings.HasPrefix(secret.word, "json")
		if len(t.hits[classDrop]) > 0 || whole && (t.near(secret, classConnect) || t.near(secret, classFetch)) {
			t.add(Exfiltrates, secret.start, secret.end)
			return
		}
	}
}

// near reports whether a string of a class stands near a hit.
func (t *scanned) near(x hit, of class) bool {
	return slices.ContainsFunc(t.hits[of], func(y hit) bool {
		return y.start <= x.end+near && x.start <= y.end+near
	})
}
