package advisory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// DefaultSource is where osv.dev serves its records, an archive for each ecosystem (google.github.io/osv.dev/data).
const DefaultSource = "https://osv-vulnerabilities.storage.googleapis.com"

// Bounds of a download.
const (
	// the archive of npm is some 200 MB
	maxDownload = 2 << 30 // bytes of one archive
	maxState    = 1 << 20 // bytes of the file of tags
)

// Updated is the outcome of an update for one ecosystem.
type Updated struct {
	Ecosystem string
	Changed   bool // false: the source has what is here already
	Missing   bool // the source does not serve this ecosystem
	Bytes     int64
	Records   int // of the archive
	Broken    int // records that could not be read
}

// Updater fetches OSV's records. It sends nothing but the names of ecosystems and the tags of what is here.
type Updater struct {
	Client *http.Client
	Source string // DefaultSource, or a mirror with the same layout
	Dir    string // of the data
	// Report is called after each ecosystem.
	Report func(Updated)
}

// Update fetches the archives that are newer than the data, and writes the reduced file anew if there are any. What
// could not be fetched leaves the records of its ecosystem as they were, and is named in the error.
func (u *Updater) Update(ctx context.Context) error {
	old, err := OpenDatabase(u.Dir)
	if err != nil {
		return err
	}
	tags := u.tags()
	if old == nil {
		tags = map[string]string{}
	}
	var b Builder
	var fetched []string
	var bad []error
	missing := 0
	for _, e := range Ecosystems() {
		var part Builder // what is read of an archive that breaks off is not taken
		tag, changed, err := u.fetch(ctx, e, tags[e], &part)
		if err == nil && changed && part.Len() == 0 && old.has(ecosystems[e]) {
			err = errors.New("the archive has no record of a malicious package, and others are here already")
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			missing++
			u.Report(Updated{Ecosystem: e, Missing: true})
		case err != nil:
			bad = append(bad, fmt.Errorf("fetching the records of %s: %w", e, err))
		case changed:
			if err := b.add(&part); err != nil {
				return err
			}
			tags[e] = tag
			fetched = append(fetched, ecosystems[e])
		}
	}
	if missing == len(Ecosystems()) {
		return fmt.Errorf("%s serves no records", plainURL(u.Source))
	}
	if len(fetched) > 0 {
		imported, err := openReduced(importedPath(u.Dir))
		if err != nil {
			return err
		}
		if err := b.KeepImported(imported); err != nil {
			return err
		}
		if err := b.Keep(old, fetched...); err != nil {
			return err
		}
		if err := b.Save(u.Dir); err != nil {
			return err
		}
		data, err := json.Marshal(tags)
		if err != nil {
			return err
		}
		bad = append(bad, writeFile(u.tagsPath(), data))
	}
	return errors.Join(bad...)
}

// plainURL is an address without the password that it may have.
func plainURL(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "the source"
}

// CheckSource refuses a source that others on the way could answer for: only https, and http of this machine, will do.
// Records decide what is called malicious: whoever can change them on the way can accuse and acquit.
func CheckSource(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return errors.New("an address that begins with https:// is needed")
	}
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1") {
		return nil
	}
	return fmt.Errorf("%q: an address that begins with https:// is needed", u.Redacted())
}

// maxRedirects bounds the redirects of one download.
const maxRedirects = 10

// CheckRedirect follows redirects only to where a source may be.
func CheckRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopping after %d redirects", len(via))
	}
	if req.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
		return fmt.Errorf("refusing a redirect from https to %s", req.URL.Redacted())
	}
	return CheckSource(req.URL.String())
}

// tagsPath is the file with the ETags of what was downloaded (RFC 9110, 8.8.3).
func (u *Updater) tagsPath() string { return filepath.Join(u.Dir, "osv-etags.json") }

// tags reads the tags of the archives that the data was made from. Without them everything is fetched.
// A tag is a claim of the source about its file, and decides only whether it is fetched again.
func (u *Updater) tags() map[string]string {
	tags := map[string]string{}
	f, err := os.Open(u.tagsPath())
	if err != nil {
		return tags
	}
	defer f.Close()
	if json.NewDecoder(io.LimitReader(f, maxState)).Decode(&tags) != nil {
		return map[string]string{}
	}
	return tags
}

// fetch gets one archive if it is not the one with the tag, and adds its records.
func (u *Updater) fetch(ctx context.Context, ecosystem, tag string, b *Builder) (newTag string, changed bool,
	err error,
) {
	address, err := url.JoinPath(u.Source, ecosystem, "all.zip")
	if err != nil {
		return "", false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", false, err
	}
	// The answer to a tag that fits is 304 without a body (RFC 9110, 13.1.2): an update of what has not changed moves a
	// few kilobytes.
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	resp, err := u.Client.Do(req)
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		u.Report(Updated{Ecosystem: ecosystem})
		return tag, false, nil
	case http.StatusOK:
	case http.StatusNotFound:
		return "", false, fs.ErrNotExist
	default:
		return "", false, fmt.Errorf("%s: %s", plainURL(address), resp.Status)
	}
	n, err := addBody(ctx, resp.Body, b)
	if err != nil {
		return "", false, err
	}
	u.Report(Updated{Ecosystem: ecosystem, Changed: true, Bytes: n, Records: b.Len(), Broken: b.Broken})
	return resp.Header.Get("ETag"), true, nil
}

// addBody keeps an archive on disk while its records are added: it is read by offset, and may be larger than memory.
func addBody(ctx context.Context, body io.Reader, b *Builder) (n int64, err error) {
	// the directory of a zip archive stands at its end, so it cannot be read as it comes
	f, err := os.CreateTemp("", "backtrail-osv-*.zip")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	n, err = io.Copy(f, io.LimitReader(body, maxDownload+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	if n > maxDownload {
		return n, fmt.Errorf("the archive is larger than %d bytes", int64(maxDownload))
	}
	return n, b.addZip(ctx, f.Name())
}

// Age is how old the data of a date is, in whole days; ok is false where the date is not known, or is yet to come: a
// record with such a date makes no data young.
func Age(date, now time.Time) (days int, ok bool) {
	if date.IsZero() || date.After(now.Add(24*time.Hour)) {
		return 0, false
	}
	return max(0, int(now.Sub(date).Hours()/24)), true
}

// Imported counts what was taken from a path.
type Imported struct {
	Packs   []*Pack
	Records int
	Broken  int
}

// Import takes incident packs (YAML), OSV records (JSON, a zip archive) and reduced files (.tsv) from a file or a
// folder into the folder of the data. OSV records are added to those that are there.
func Import(dir, name string) (Imported, error) {
	var done Imported
	if filepath.Ext(name) == ".tsv" {
		return importReduced(dir, name)
	}
	packs, err := yamlFiles(name)
	if err != nil {
		return done, err
	}
	for _, p := range packs {
		pack, err := ImportPack(dir, p)
		if err != nil {
			return done, err
		}
		done.Packs = append(done.Packs, pack)
	}
	if len(packs) == 1 && packs[0] == name {
		return done, nil
	}
	var b Builder
	if err := b.AddPath(name); err != nil {
		return done, err
	}
	done.Records, done.Broken = b.Len(), b.Broken
	if b.Len() == 0 {
		if len(done.Packs) == 0 {
			return done, fmt.Errorf("importing %s: it contains no malicious-package record and no incident pack", name)
		}
		return done, nil
	}
	old, err := OpenDatabase(dir)
	if err != nil {
		return done, err
	}
	if err := keepImports(dir, &b); err != nil {
		return done, err
	}
	if err := b.Keep(old); err != nil {
		return done, err
	}
	return done, b.Save(dir)
}

// importedPath is the file of the records that were imported, for the next update: it replaces the records of an
// ecosystem by those of its source.
func importedPath(dir string) string { return filepath.Join(dir, "osv-imported.tsv") }

// keepImports adds the records of b to those that were imported before.
func keepImports(dir string, b *Builder) error {
	before, err := openReduced(importedPath(dir))
	if err != nil {
		return err
	}
	var all Builder
	if err := all.add(b); err != nil {
		return err
	}
	if err := all.KeepImported(before); err != nil {
		return err
	}
	return writeFile(importedPath(dir), all.Bytes())
}

// importReduced takes a reduced file as it is, in place of the one that is there. The tags of an earlier update are
// those of other data: with them the next one would take what is missing now for unchanged.
func importReduced(dir, name string) (Imported, error) {
	f, err := os.Open(name)
	if err != nil {
		return Imported{}, fmt.Errorf("importing advisories: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDatabase+1))
	if err != nil {
		return Imported{}, fmt.Errorf("importing %s: %w", name, err)
	}
	db, err := ReadDatabase(data)
	if err != nil {
		return Imported{}, fmt.Errorf("importing %s: %w", name, err)
	}
	if err := os.Remove((&Updater{Dir: dir}).tagsPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Imported{}, fmt.Errorf("importing %s: %w", name, err)
	}
	if err := writeFile(importedPath(dir), data); err != nil {
		return Imported{}, err
	}
	return Imported{Records: db.Records}, writeFile(DatabasePath(dir), data)
}

// yamlFiles lists the packs at a path: the file itself, or those directly in a folder.
func yamlFiles(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("importing advisories: %w", err)
	}
	isPack := func(p string) bool { ext := filepath.Ext(p); return ext == ".yaml" || ext == ".yml" }
	if !info.IsDir() {
		if isPack(name) {
			return []string{name}, nil
		}
		return nil, nil
	}
	entries, err := fs.ReadDir(os.DirFS(name), ".")
	if err != nil {
		return nil, fmt.Errorf("importing advisories: %w", err)
	}
	var list []string
	for _, e := range entries {
		if e.Type().IsRegular() && isPack(e.Name()) && len(list) < maxPacks {
			list = append(list, filepath.Join(name, e.Name()))
		}
	}
	return list, nil
}
