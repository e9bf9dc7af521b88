package inspect

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// WritePods writes a list as EncodeJSON does, some pods at a time: with 100,000 alerts it is larger than what should stand
// in memory. fill adds to alerts what is to be printed of them.
func WritePods(w io.Writer, list PodList, fill func(*Alert)) error {
	pods, unmatched := list.Pods, list.Unmatched
	list.Pods, list.Unmatched = nil, nil
	frame, err := EncodeJSON(list)
	if err != nil {
		return fmt.Errorf("encoding the pods: %w", err)
	}
	begin, rest, ok := bytes.Cut(frame, []byte("\n  \"pods\": []"))
	between, end, also := bytes.Cut(rest, []byte("\n  \"unmatched\": []"))
	if !ok || !also {
		return fmt.Errorf("encoding the pods: the form of the list is another")
	}
	if _, err := w.Write(append(begin, "\n  \"pods\": ["...)); err != nil {
		return err
	}
	if err := writeList(w, pods, func(p *FlaggedPod) {
		p.Alerts = slices.Clone(p.Alerts)
		for i := range p.Alerts {
			fill(&p.Alerts[i])
		}
	}); err != nil {
		return err
	}
	if _, err := w.Write(append(slices.Clone(between), "\n  \"unmatched\": ["...)); err != nil {
		return err
	}
	if err := writeList(w, unmatched, fill); err != nil {
		return err
	}
	_, err = w.Write(end)
	return err
}

// atOnce is how many rows are encoded before they are written.
const atOnce = 64

// writeList writes the elements of a list of the first level, and its end. They are encoded on all cores.
func writeList[T any](w io.Writer, list []T, fill func(*T)) error {
	texts, errs := make([][]byte, atOnce), make([]error, atOnce)
	workers := runtime.GOMAXPROCS(0)
	for begun := 0; begun < len(list); begun += atOnce {
		part := list[begun:min(len(list), begun+atOnce)]
		var work sync.WaitGroup
		var next atomic.Int64 // some rows have a thousand alerts
		for range workers {
			work.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(part); i = int(next.Add(1)) - 1 {
					row := part[i]
					fill(&row)
					texts[i], errs[i] = appendJSON(texts[i][:0], reflect.ValueOf(&row).Elem(), 2)
				}
			})
		}
		work.Wait()
		for i := range part {
			if errs[i] != nil {
				return fmt.Errorf("encoding the pods: %w", errs[i])
			}
			separator := ",\n    "
			if begun+i == 0 {
				separator = "\n    "
			}
			if _, err := io.WriteString(w, separator); err != nil {
				return err
			}
			if _, err := w.Write(texts[i]); err != nil {
				return err
			}
		}
	}
	closing := "]"
	if len(list) > 0 {
		closing = "\n  ]"
	}
	_, err := io.WriteString(w, closing)
	return err
}
