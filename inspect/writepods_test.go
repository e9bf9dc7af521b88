package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A list that is written in parts is the same, byte for byte, as one that is encoded at once.
func TestWritePods(t *testing.T) {
	at := At(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))
	list := PodList{
		Schema: PodsSchema, Context: "prod\n  \"pods\": []", Broken: 2, Notices: []Notice{{Level: "info", Text: "<b>\n  \"unmatched\": []"}},
		Sources: []AlertSource{{Kind: "file", Name: "x"}}, Wrong: &WrongContext{Text: "wrong?"},
	}
	fill := func(a *Alert) { a.Output = "says " + a.ID }
	for n := range 2*atOnce + 3 {
		p := FlaggedPod{Pod: Pod{Name: fmt.Sprint("web-", n), Containers: []Container{{Name: "web", Mounts: []Mount{{Path: "/x"}}}}}}
		if n%3 == 0 {
			p.Alerts = []Alert{{ID: fmt.Sprint(n), Time: at, Last: at, Also: []string{"<&>"}}, {ID: fmt.Sprint(n, "b"), Flags: []string{"EXE_UPPER_LAYER"}}}
		}
		if n == 1 {
			p.Gone = &Gone{Time: at, ReplacedBy: "web-2"}
		}
		list.Pods = append(list.Pods, p)
	}
	for _, stray := range []int{0, 2} {
		for range stray {
			list.Unmatched = append(list.Unmatched, Alert{ID: "stray"})
		}
		var got bytes.Buffer
		if err := WritePods(&got, list, fill); err != nil {
			t.Fatal(err)
		}
		whole := list
		whole.Pods, whole.Unmatched = nil, nil
		for _, p := range list.Pods {
			alerts := append([]Alert(nil), p.Alerts...)
			for i := range alerts {
				fill(&alerts[i])
			}
			p.Alerts = alerts
			whole.Pods = append(whole.Pods, p)
		}
		for _, a := range list.Unmatched {
			fill(&a)
			whole.Unmatched = append(whole.Unmatched, a)
		}
		want, err := EncodeJSON(whole)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("got\n%.2000s\nwant\n%.2000s", got.String(), want)
		}
	}
	if list.Pods[0].Alerts[0].Output != "" {
		t.Error("the list was changed")
	}
	if err := WritePods(full{}, list, fill); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
