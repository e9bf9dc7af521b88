package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/user"
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// operator is who works on a case, on which host and with which program, for the chain of custody. It is what the
// system reports, and authenticates no one: a bundle that is to prove who made it is signed.
type operator struct {
	name, host string
}

// newOperator reads the user and the host; "unknown" where the system has no name for them, as for a user ID without
// an entry in /etc/passwd, which containers often run with.
func newOperator() operator {
	o := operator{name: "unknown", host: "unknown"}
	if u, err := user.Current(); err == nil {
		o.name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		o.host = h
	}
	return o
}

// String is the operator as operator@host, the form in which notes, marks and exports name who made them.
func (o operator) String() string { return o.name + "@" + o.host }

// session is the fact that opens a stretch of work on a case. The time zone is that of the machine, to set its times
// beside those of logs that were written in local time.
func (o operator) session(now time.Time) inspect.Session {
	local := time.Now() // not now, which may be the clock of the demo
	return inspect.Session{
		Operator: o.name, Host: o.host, TimeZone: local.Format("MST -0700"), Tool: tool(), SHA256: ownDigest(),
		Command: publicArgs(os.Args), Started: inspect.At(now),
	}
}

// ownDigest is the digest of the program's own file; empty where it cannot be read. The file has more than 100 MB: it
// is hashed once in a process, and newSession begins with it early, since the start of a case waits for the result.
var ownDigest = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
})

// publicArgs is a command line without the values of flags that take secrets. It goes into the ledger and with every
// bundle, and stays readable as what was typed: a value is replaced, its flag stays.
func publicArgs(args []string) []string {
	out := make([]string, len(args))
	hide := false
	for i, a := range args {
		name, value, joined := strings.Cut(a, "=")
		switch {
		case hide:
			out[i], hide = "(left out)", false
		case secretFlag(name) && joined && value != "":
			out[i] = name + "=(left out)"
		default:
			out[i], hide = a, secretFlag(name) && !joined
		}
	}
	return out
}

// secretFlag reports whether the value of a flag is a secret, by words in its name, so that a flag
// that is added later is covered before anyone thinks of this list.
func secretFlag(name string) bool {
	if !strings.HasPrefix(name, "--") {
		return false
	}
	for _, word := range []string{"token", "password", "passphrase", "secret"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
