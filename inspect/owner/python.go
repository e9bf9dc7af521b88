package owner

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// readPython reads the RECORD of each installed distribution: the list of its files with their sha256
// (https://packaging.python.org/en/latest/specifications/recording-installed-packages/). Distributions are found
// wherever they lie: virtual environments may be anywhere. The content of what conda installed is not compared.
func readPython(ctx context.Context, t *layer.Tree) (*Database, error) {
	db := &Database{Name: "python", Language: true}
	conda := condaPrefixes(t)
	for n := range t.All() {
		info := path.Dir(n.Path)
		if path.Base(n.Path) == "installed-files.txt" && strings.HasSuffix(info, ".egg-info") &&
			layer.IsRegular(n) && n.Size <= MaxDatabase && len(db.claims) <= MaxClaims {
			data, err := readSmall(ctx, t, n.Path)
			if err != nil {
				return nil, err
			}
			db.File = n.Path
			db.packages++
			db.claims = append(db.claims, parseInstalled(data, info)...)
			continue
		}
		if path.Base(n.Path) != "RECORD" || !strings.HasSuffix(info, ".dist-info") || !layer.IsRegular(n) ||
			n.Size > MaxDatabase || len(db.claims) > MaxClaims {
			continue
		}
		data, err := readSmall(ctx, t, n.Path)
		if err != nil {
			return nil, err
		}
		claims := parseRecord(data, info)
		if conda.of(info) != "" {
			for i := range claims {
				claims[i].Sum = "" // conda writes the prefix into files that it has installed
			}
		}
		db.File = n.Path
		db.packages++
		db.claims = append(db.claims, claims...)
	}
	if db.packages == 0 {
		return nil, nil
	}
	if db.packages > 1 {
		db.File = "*.dist-info/RECORD"
	}
	return db, nil
}

// parseRecord reads the lines of a RECORD: path, sha256=base64, size. Anybody may write one, so that it counts only for
// what lies beside it, and for the programs of its own environment where that is not the system's.
//
//	num/a.py,sha256=…,120
//	../../../bin/num,sha256=…,233
//	num-1.2.dist-info/RECORD,,
//
// Quotes and the number of columns are taken as they come.
func parseRecord(data []byte, info string) []Claim {
	site := path.Dir(info)
	name, version, _ := strings.Cut(strings.TrimSuffix(path.Base(info), ".dist-info"), "-")
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	var claims []Claim
	for {
		row, err := r.Read()
		if err != nil {
			return claims // the end, or what cannot be read
		}
		if row[0] == "" || strings.HasPrefix(row[0], "/") || len(claims) > MaxClaims {
			continue
		}
		p := path.Join(site, row[0])
		if !layer.Within(p, site) && !environmentProgram(p, site) {
			continue
		}
		c := Claim{Path: p, Package: "python " + name, Version: version}
		if len(row) > 1 {
			c.Sum = recordSum(row[1])
		}
		claims = append(claims, c)
	}
}

// parseInstalled reads the list that older installers write: paths as seen from the directory that it lies in, and no
// digests (https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html). It counts for what a RECORD would count
// for.
func parseInstalled(data []byte, info string) []Claim {
	site := path.Dir(info)
	name, version, _ := strings.Cut(strings.TrimSuffix(path.Base(info), ".egg-info"), "-")
	version, _, _ = strings.Cut(version, "-py")
	var claims []Claim
	layer.Lines(data, func(line string) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "/") || len(claims) > MaxClaims {
			return
		}
		if p := path.Join(info, line); layer.Within(p, site) || environmentProgram(p, site) {
			claims = append(claims, Claim{Path: p, Package: "python " + name, Version: version})
		}
	})
	return claims
}

// environmentProgram reports whether a path lies in the environment that a site directory belongs to, but for the
// directories of system programs: prefix/lib/python3.13/site-packages belongs to prefix. Without this rule a RECORD in
// a virtual environment could claim /usr/bin/ssh by "../../../usr/bin/ssh".
func environmentProgram(p, site string) bool {
	for _, lib := range []string{"/lib/", "/lib64/"} {
		prefix, _, ok := strings.Cut(site, lib+"python")
		if !ok || prefix == "" || prefix == "/usr" {
			continue
		}
		for _, dir := range []string{"bin", "share", "etc", "include", "man"} {
			if layer.Within(p, layer.Join(prefix, dir)) {
				return true
			}
		}
	}
	return false
}

// recordSum reads "sha256=" and unpadded base64 for URLs; "" for other algorithms, which pip does not write. The
// encoding is base64url without padding (PEP 427).
func recordSum(text string) string {
	rest, ok := strings.CutPrefix(text, "sha256=")
	if !ok {
		return ""
	}
	sum, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(rest, "="))
	if err != nil || len(sum) != 32 {
		return ""
	}
	return "sha256:" + hex.EncodeToString(sum)
}
