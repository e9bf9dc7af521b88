package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// packageList are those of an image, each as type, name, version and purl.
type packageList []string

type packageJSON struct{ Type, Name, Version, PURL string }

func (p *packageList) add(list []packageJSON) {
	for _, one := range list {
		*p = append(*p, fmt.Sprintf("%s %s %s %s", one.Type, one.Name, one.Version, one.PURL))
	}
}

// packagesBySyft reads what "syft -o syft-json" printed.
func packagesBySyft(out []byte) (packageList, error) {
	var said struct{ Artifacts []packageJSON }
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, fmt.Errorf("reading the packages of syft: %w", err)
	}
	var p packageList
	p.add(said.Artifacts)
	slices.Sort(p)
	return p, nil
}

// packagesByUs reads what "-o events" printed.
func packagesByUs(stream []byte) (packageList, error) {
	var p packageList
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e struct {
			Packages *struct{ List []packageJSON }
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("reading the packages of backtrail: %w", err)
		}
		if e.Packages != nil {
			p.add(e.Packages.List)
		}
	}
	slices.Sort(p)
	return p, lines.Err()
}

// printPackages reports whether both found the same in the suspect: speed is worth nothing where something is passed
// over.
func (b *bench) printPackages(w io.Writer) error {
	if len(b.results[stepSuspect]) == 0 {
		return nil
	}
	theirs, err := packagesBySyft(last(b.results[stepSuspect]).stdout)
	if err != nil {
		return err
	}
	ours, err := packagesByUs(last(b.results[stepWhole]).stdout)
	if err != nil {
		return err
	}
	less, more := without(theirs, ours), without(ours, theirs)
	fmt.Fprintf(w, "\npackages of the suspect: %d by syft, %d by backtrail; %d less, %d more\n", len(theirs),
		len(ours), len(less), len(more))
	for _, p := range slices.Concat(less, more)[:min(len(less)+len(more), 10)] {
		fmt.Fprintf(w, "  %s\n", p)
	}
	return nil
}

// without lists what is in a and not in b, both sorted.
func without(a, b packageList) packageList {
	var rest packageList
	for _, p := range a {
		if _, found := slices.BinarySearch(b, p); !found {
			rest = append(rest, p)
		}
	}
	return rest
}
