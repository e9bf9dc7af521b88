package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// print writes what was measured, and what it means for the budgets.
func (b *bench) print(w io.Writer, before, after string) error {
	var packed, size int64
	packed = b.images[suspect].packed
	for _, f := range b.images[suspect].blobs {
		size += unpackedSize(f)
	}
	fmt.Fprintf(w, "%s, %s/%s, %d cores, load %s before and %s after, medians of %d rounds\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), before, after, b.rounds)
	fmt.Fprintf(w, "suspect: %d layers, %d MiB packed, %d MiB unpacked; the known-good shares all but the top one\n\n", len(b.images[suspect].blobs), packed>>20, size>>20)
	b.printSteps(w)
	b.printBudgets(w)
	if err := b.printPackages(w); err != nil {
		return err
	}
	for _, p := range peerList {
		if why, is := b.broken[p.name]; is {
			fmt.Fprintf(w, "\n%s %s could not be built and is not in the sum: %s\n", p.name, p.version, why)
		}
	}
	for _, n := range slices.Compact(b.notes) {
		fmt.Fprintf(w, "\nleft out of the sum: %s\n", n)
	}
	return nil
}

func (b *bench) printSteps(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, took, cpu time.Duration, peak int64) {
		fmt.Fprintf(t, "| %s\t| %.2f s\t| %.2f s\t| %s\t|\n", name, took.Seconds(), cpu.Seconds(), mebibytes(peak))
	}
	fmt.Fprintf(t, "| what\t| time\t| processor\t| peak memory\t|\n| ---\t| ---\t| ---\t| ---\t|\n")
	for _, s := range append(append([]string{stepFloor}, peerSteps...), stepAlone, stepWhole, stepWarm, stepLarge, stepScreen, stepFlood, stepFloodJSON, stepFloodScreen, stepCaseScreen, stepLargeScreen) {
		if list := b.results[s]; len(list) > 0 {
			name := s
			for _, p := range peerList {
				if strings.HasPrefix(s, p.name) {
					name = strings.Replace(s, p.name, p.name+" "+p.version, 1)
				}
			}
			row(name, median(list, tookOf), median(list, cpuOf), median(list, peakOf))
		}
		if s == stepDive && b.peers {
			row("sum of the peers, one after the other", middle(b.peerSums(tookOf)), middle(b.peerSums(cpuOf)), b.peerPeak())
		}
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}

// peerSums adds up the peers of each round.
func (b *bench) peerSums(of func(measured) time.Duration) []time.Duration {
	sums := make([]time.Duration, b.rounds)
	for _, s := range peerSteps {
		for i, m := range b.results[s] {
			sums[i] += of(m)
		}
	}
	return sums
}

// peerPeak is the largest peak of any peer.
func (b *bench) peerPeak() int64 {
	var most int64
	for _, s := range peerSteps {
		for _, m := range b.results[s] {
			most = max(most, m.Peak)
		}
	}
	return most
}

func tookOf(m measured) time.Duration { return m.Took }
func cpuOf(m measured) time.Duration  { return m.CPU }
func peakOf(m measured) int64         { return m.Peak }

func median[T cmp.Ordered](list []measured, of func(measured) T) T {
	values := make([]T, 0, len(list))
	for _, m := range list {
		values = append(values, of(m))
	}
	return middle(values)
}

func middle[T cmp.Ordered](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// load is the load average of the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
