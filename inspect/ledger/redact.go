package ledger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/redact"
)

// saltFile holds the salt of a saved case. It never leaves this machine: with it and an original, a digest of the
// record can be checked.
const saltFile = "salt"

// saltSize is that of the digest, in bytes, so that guessing the salt is as hard as inverting it.
const saltSize = sha256.Size

// maxRedactions bounds the redactions that are recorded one by one.
const maxRedactions = 10_000

// newSalt makes the salt of a case.
func newSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // it never fails (crypto/rand)
	return salt
}

// readSalt gives the salt of a saved case, and makes it for one that has none yet.
func readSalt(dir string) ([]byte, error) {
	path := filepath.Join(dir, saltFile)
	salt, err := readSmall(path, saltSize)
	switch {
	case err == nil && len(salt) == saltSize:
		return salt, nil
	case err == nil:
		return nil, fmt.Errorf("reading the salt of the case: %s is damaged", path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the salt of the case: %w", err)
	}
	salt = newSalt()
	return salt, writeError("keeping the salt of the case", os.WriteFile(path, salt, 0o600))
}

// salted is the digest of an original that was removed: an HMAC (RFC 2104), so that the digest of a short secret cannot
// be guessed by whoever has the record.
func (l *Ledger) salted(original string) string {
	h := hmac.New(sha256.New, l.salt)
	h.Write([]byte(original))
	return "hmac-sha256:" + hex.EncodeToString(h.Sum(nil))
}

// redact gives a fact without secrets, and what was removed from it.
func (l *Ledger) redact(f inspect.Fact) (inspect.Fact, []inspect.Redaction) {
	r := redactor{l: l, kind: f.FactKind()}
	switch x := f.(type) {
	case inspect.Packages, inspect.Files, inspect.Blob, inspect.Trust, inspect.Progress, inspect.UnknownFact,
		inspect.Redaction, inspect.Begin, inspect.Reset, inspect.Advisory, inspect.Vuln, inspect.VulnData:
		return f, nil // names, digests, and published data that has a digest of its own
	case inspect.Exhibit:
		if strings.HasPrefix(x.Original, "sha256:") {
			x.Original = l.salted(x.Original)
		}
		return x, nil
	case inspect.ImageHead:
		x.Settings = r.settings(x.Settings)
		f = x
	case inspect.Session:
		x.Command = r.words("command", x.Command)
		f = x
	case inspect.Alert:
		x.Output = r.text("output", x.Output)
		x.Title = r.text("title", x.Title)
		x.CommandLine = r.text("commandLine", x.CommandLine)
		f = x
	case inspect.Layer:
		x.CreatedBy = r.keep("createdBy")(redact.BuildStep(x.CreatedBy))
		f = x
	}
	return rewriter{text: r.prose}.fact(f), r.found
}

// redactor collects what is removed from one fact.
type redactor struct {
	l     *Ledger
	kind  string
	found []inspect.Redaction
}

// keep notes the secrets of a field, and gives its clean text.
func (r *redactor) keep(field string) func(clean string, secrets []redact.Secret) string {
	return func(clean string, secrets []redact.Secret) string {
		r.note(field, secrets)
		return clean
	}
}

func (r *redactor) note(field string, secrets []redact.Secret) {
	for _, s := range secrets {
		r.found = append(r.found, inspect.Redaction{
			Where: strings.TrimSpace(r.kind + " " + field), Kind: s.Kind, Original: r.l.salted(s.Value),
		})
	}
}

// prose cleans a text of which nothing is known but that it is one.
func (r *redactor) prose(field, s string) (string, bool) {
	clean, secrets := redact.Prose(s)
	r.note(field, secrets)
	return clean, len(secrets) > 0
}

func (r *redactor) text(field, s string) string { return r.keep(field)(redact.Text(s)) }

func (r *redactor) words(field string, words []string) []string {
	clean, secrets := redact.Words(words)
	r.note(field, secrets)
	return clean
}

// settings cleans the configuration of an image, whose fields are known to be words, variables and labels.
func (r *redactor) settings(c inspect.ImageConfig) inspect.ImageConfig {
	env, secrets := redact.Environ(c.Env)
	c.Env = env
	r.note("imageConfig.env", secrets)
	c.Entrypoint = r.words("imageConfig.entrypoint", c.Entrypoint)
	c.Cmd = r.words("imageConfig.cmd", c.Cmd)
	c.Health = r.words("imageConfig.healthcheck", c.Health)
	if len(c.Labels) > 0 {
		labels := maps.Clone(c.Labels)
		for _, k := range slices.Sorted(maps.Keys(labels)) {
			labels[k] = r.keep("imageConfig.labels." + k)(redact.Named(k, labels[k]))
		}
		c.Labels = labels
	}
	return c
}
