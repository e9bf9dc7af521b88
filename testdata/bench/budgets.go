package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// budget is one promise about speed or memory, and what was measured.
type budget struct {
	what, must, have string
	met              bool
}

// printBudgets writes the promises. Ratios are the median of the ratios of each round, in which both sides ran one after the other.
func (b *bench) printBudgets(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "| budget\t| must reach\t| measured\t| met\t|\n| ---\t| ---\t| ---\t| ---\t|\n")
	for _, x := range b.budgets() {
		met := "no"
		if x.met {
			met = "yes"
		}
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %s\t|\n", x.what, x.must, x.have, met)
	}
	_ = t.Flush()
}

func (b *bench) budgets() []budget {
	cold, warm, alone := b.times(stepWhole, tookOf), b.times(stepWarm, tookOf), b.times(stepAlone, tookOf)
	var index []time.Duration
	early, verdict, layer := true, time.Duration(0), time.Duration(0)
	for _, p := range b.parts {
		index = append(index, p.index)
		verdict, layer = max(p.signature, p.provenance), p.firstLayer
		early = early && verdict < layer
	}
	screen := median(b.results[stepScreen], tookOf)
	list := []budget{
		{"first screen with pods, saved dump of 1,000 pods", "under 0.5 s", seconds(screen), screen < time.Second/2},
		{"signature and provenance verdict", "before the first layer ends", seconds(verdict) + ", layer " + seconds(layer), early},
		atMost("index of a cold image, to gunzip + sha256", 1.3, ratio(index, b.times(stepFloor, tookOf))),
	}
	if b.peers {
		list = append(list,
			atMost("whole inspection with the diff, cold, to the sum of the peers", 1.0/3, ratio(cold, b.peerSums(tookOf))),
			atMost("the same in processor time, which the load of the machine disturbs less", 1.0/3, ratio(b.times(stepWhole, cpuOf), b.peerSums(cpuOf))))
	}
	again := middle(warm)
	list = append(list,
		budget{"same image again, warm", "under 1 s", seconds(again), again < time.Second},
		atMost("same image again, warm, to cold", 0.1, ratio(warm, cold)),
		atMost("with the diff, to one inspection", 1.2, ratio(cold, alone)),
		b.memory(stepWhole))
	list = append(list, b.memory(stepCaseScreen))
	if b.large {
		list = append(list, b.memory(stepLarge), b.memory(stepLargeScreen))
	}
	for _, step := range []string{stepFlood, stepFloodJSON, stepFloodScreen} {
		took, peak := median(b.results[step], tookOf), median(b.results[step], peakOf)
		list = append(list,
			budget{step, "under 2 s", seconds(took), took < 2*time.Second},
			budget{"peak memory: " + step, "under 400 MiB", mebibytes(peak), peak < maxList})
	}
	return list
}

func (b *bench) times(step string, of func(measured) time.Duration) []time.Duration {
	var list []time.Duration
	for _, m := range b.results[step] {
		list = append(list, of(m))
	}
	return list
}

// maxPeak is the budget of memory, bytes.
const maxPeak = 600 << 20

func (b *bench) memory(step string) budget {
	peak := median(b.results[step], peakOf)
	return budget{"peak memory: " + step, "under 600 MiB", mebibytes(peak), peak < maxPeak}
}

func atMost(what string, most, have float64) budget {
	return budget{what, fmt.Sprintf("at most %.2f", most), fmt.Sprintf("%.2f", have), have <= most}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// ratio is the median of a's to b's times, round by round.
func ratio(a, b []time.Duration) float64 {
	var list []float64
	for i := range min(len(a), len(b)) {
		list = append(list, a[i].Seconds()/b[i].Seconds())
	}
	return middle(list)
}

// unpackedSize is what the gzip file's last four bytes give, which is right below 4 GiB (RFC 1952, ISIZE).
func unpackedSize(file string) int64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	end := make([]byte, 4)
	info, err := f.Stat()
	if err != nil || info.Size() < int64(len(end)) {
		return 0
	}
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(end))
}
