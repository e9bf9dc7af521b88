package vuln

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anchore/packageurl-go"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/openvex/go-vex/pkg/vex"

	"github.com/backtrail/backtrail/inspect"
)

// Statements are statements of OpenVEX documents, the newest first. It does not change, and nil has none.
type Statements struct {
	list []statement
	byID map[string][]int // positions in list, by the name or an alias of the vulnerability
}

// statement is one statement with what its document gives it.
type statement struct {
	vex.Statement
	origin string // name of the file or of the signer
	author string
	at     time.Time
}

// Document is an OpenVEX document and where it comes from.
type Document struct {
	Origin string // for people: the name of a file, or who signed
	Data   []byte
}

// ReadStatements reads OpenVEX documents. A statement that is not valid fails its document: half of one might lower
// what the other half raises.
//
// The format is OpenVEX 0.2.0 (https://github.com/openvex/spec). Documents are bounded in bytes, and all of them
// together in statements.
func ReadStatements(documents ...Document) (*Statements, error) {
	all := &Statements{}
	for _, d := range documents {
		if err := all.add(d); err != nil {
			return nil, fmt.Errorf("reading the OpenVEX document %s: %w", d.Origin, err)
		}
	}
	return indexed(all.list), nil
}

// indexed puts statements into the order in which they count.
// Of two statements with one time, the one of the later document counts less: the sort keeps the order of reading.
func indexed(list []statement) *Statements {
	all := &Statements{list: list, byID: map[string][]int{}}
	slices.SortStableFunc(all.list, func(a, b statement) int { return b.at.Compare(a.at) })
	for n, s := range all.list {
		ids := []string{s.Vulnerability.ID, string(s.Vulnerability.Name)}
		for _, alias := range s.Vulnerability.Aliases {
			ids = append(ids, string(alias))
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			all.byID[id] = append(all.byID[id], n)
		}
	}
	return all
}

// with gives the statements of both. Either may be nil.
func (all *Statements) with(more *Statements) *Statements {
	switch {
	case all == nil:
		return more
	case more == nil || len(more.list) == 0:
		return all
	}
	return indexed(slices.Concat(all.list, more.list))
}

// add reads one document: JSON with the fields @context, author, timestamp and statements.
func (all *Statements) add(d Document) error {
	if len(d.Data) > MaxStatements {
		return fmt.Errorf("more than %d bytes", MaxStatements)
	}
	var context struct {
		Context string `json:"@context"`
	}
	if err := json.Unmarshal(d.Data, &context); err != nil {
		return err
	}
	if !strings.HasPrefix(context.Context, "https://openvex.dev/ns") {
		return errors.New("its @context is not that of OpenVEX, https://openvex.dev/ns")
	}
	doc, err := vex.Parse(d.Data)
	if err != nil {
		return err
	}
	if len(all.list)+len(doc.Statements) > maxStatements {
		return fmt.Errorf("more than %d statements", maxStatements)
	}
	for n, s := range doc.Statements {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("statement %d: %w", n+1, err)
		}
		at := doc.Timestamp
		if s.Timestamp != nil {
			at = s.Timestamp
		}
		if s.LastUpdated != nil {
			at = s.LastUpdated
		}
		row := statement{Statement: s, origin: d.Origin, author: doc.Author}
		if at != nil {
			row.at = *at
		}
		all.list = append(all.list, row)
	}
	return nil
}

// about words the newest statement about a row; empty where there is none. The product of a statement is the image,
// with or without the package as its part, or the package itself.
func (all *Statements) about(r inspect.Vuln, i inspect.Image) string {
	if all == nil || len(all.list) == 0 {
		return ""
	}
	var urls []string
	for _, p := range i.Packages {
		if p.Type == r.Type && p.Name == r.Package && p.Version == r.Version && p.PURL != "" {
			urls = append(urls, p.PURL)
		}
	}
	if len(urls) == 0 {
		return ""
	}
	positions := slices.Clone(all.byID[r.ID])
	for _, alias := range aliases(r) {
		positions = append(positions, all.byID[alias]...)
	}
	slices.Sort(positions)
	images := identities(i)
	for _, n := range slices.Compact(positions) {
		s := all.list[n]
		if slices.ContainsFunc(s.Products, func(p vex.Product) bool { return concerns(p, images, urls) }) {
			return s.words()
		}
	}
	return ""
}

// concerns reports whether a product is the image and has the package, or is the package.
// A product without parts that is the image speaks for every package in it.
func concerns(p vex.Product, images, urls []string) bool {
	for _, url := range urls {
		if p.Component.Matches(url) {
			return true
		}
		for _, image := range images {
			if p.Matches(image, url) {
				return true
			}
		}
	}
	return false
}

// words is a statement on one line, which begins with its status.
// It is a quote of a foreign text: cleaned where it is shown, and bounded here.
func (s statement) words() string {
	text := string(s.Status)
	why := string(s.Justification)
	for _, more := range []string{why, s.ImpactStatement, s.StatusNotes, s.ActionStatement} {
		if more != "" {
			text += ": " + more
			break
		}
	}
	by := s.origin
	if s.author != "" {
		by = s.author + ", " + s.origin
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxVEXText {
		text = strings.ToValidUTF8(text[:maxVEXText], "") + "…"
	}
	return text + " (" + by + ")"
}

// aliases are the other IDs of a row's vulnerability, from its record.
// A row of another version has no record, and so no aliases.
func aliases(r inspect.Vuln) []string {
	var row record
	if json.Unmarshal([]byte(r.Record), &row) != nil {
		return nil
	}
	return row.Aliases
}

// identities are the names by which statements may name an image: its references, its digests, and package URLs of the
// type oci, with and without the repository.
// The package URL of an image is pkg:oci/NAME@DIGEST?repository_url=… (purl-spec, type oci).
func identities(i inspect.Image) []string {
	var list []string
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	add(i.Reference)
	for _, digest := range []string{i.Digest, i.Index} {
		if digest == "" {
			continue
		}
		add(strings.TrimPrefix(digest, "sha256:"))
		ref, err := name.ParseReference(i.Reference)
		if err != nil {
			continue
		}
		repo := ref.Context()
		add(repo.Digest(digest).String())
		base := repo.RepositoryStr()[strings.LastIndex(repo.RepositoryStr(), "/")+1:]
		urls := []string{"", repo.RegistryStr() + "/" + repo.RepositoryStr()}
		if repo.RegistryStr() == name.DefaultRegistry {
			urls = append(urls, "docker.io/"+repo.RepositoryStr(),
				"docker.io/"+strings.TrimPrefix(repo.RepositoryStr(), "library/"))
		}
		for _, u := range urls {
			qualifiers := map[string]string{}
			if u != "" {
				qualifiers["repository_url"] = u
			}
			url := packageurl.NewPackageURL("oci", "", base, digest, packageurl.QualifiersFromMap(qualifiers), "")
			add(url.ToString())
		}
	}
	return list
}
