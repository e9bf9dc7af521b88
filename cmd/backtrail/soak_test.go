package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/triage"
)

// soakTime is how long the incident lasts: some seconds as a test of every change, an hour by `make soak`.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		if testing.Short() {
			t.Skip("a simulated incident of some seconds")
		}
		return 4 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("SOAK=%s is no time", text)
	}
	return d
}

// incident is a cluster in trouble: alerts arrive, a rollout replaces pods, containers restart, and registry and API
// server go away and return. What happens at a step follows from its number alone.
type incident struct {
	t        *testing.T
	server   *apiServer
	registry *httptest.Server
	down     atomic.Bool // the registry
	image    string      // with its digest
	alerts   *os.File
	step     int
	pods     []string // the oldest first
}

// newIncident starts with three pods of an image that the registry has.
func newIncident(t *testing.T) *incident {
	t.Helper()
	i := &incident{t: t}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	i.registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.down.Load() {
			panic(http.ErrAbortHandler)
		}
		images.ServeHTTP(w, r)
	}))
	i.registry.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(i.registry.Close)
	img, err := smallImage()
	if err != nil {
		t.Fatal(err)
	}
	host, err := url.Parse(i.registry.URL)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(host.Host + "/web:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	i.image = host.Host + "/web@" + digest.String()
	if i.alerts, err = os.Create(filepath.Join(t.TempDir(), "falco.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.alerts.Close() })
	i.server = newAPIServer(t)
	for range 3 {
		i.rollout()
	}
	i.alert()
	return i
}

// rollout starts one more pod, and from the fourth on ends the oldest one.
func (i *incident) rollout() {
	i.step++
	i.pods = append(i.pods, fmt.Sprintf("web-7d9c5b6f48-%05d", i.step))
	i.apply("ADDED", i.pods[len(i.pods)-1])
	if len(i.pods) > 3 {
		i.apply("DELETED", i.pods[0])
		i.pods = i.pods[1:]
	}
}

// apply sends a change of a pod, whose container has an ID of the step.
func (i *incident) apply(kind, pod string) {
	p := webPod(pod, "a", 0)
	p.Spec.Containers[0].Image, _, _ = strings.Cut(i.image, "@")
	state := &p.Status.ContainerStatuses[0]
	state.Image, state.ImageID = p.Spec.Containers[0].Image, i.image
	state.ContainerID = fmt.Sprintf("containerd://%064x", i.step)
	state.RestartCount = int32(i.step)
	i.server.apply(kind, p)
	i.server.set(func() { // what a watch has sent is not needed again
		i.server.changes = i.server.changes[max(0, len(i.server.changes)-100):]
		i.server.asked = nil
	})
}

// alert writes an alert about the newest pod. There are 50 rules: a sensor repeats itself.
func (i *incident) alert() {
	pod := i.pods[len(i.pods)-1]
	line := falcoLine("Rule "+strconv.Itoa(i.step%50), "Warning", "", pod, i.step%1000)
	if _, err := i.alerts.WriteString(line + "\n"); err != nil {
		i.t.Fatal(err)
	}
}

// next is one step of the incident.
func (i *incident) next() {
	i.step++
	i.alert()
	switch {
	case i.step%5 == 0:
		i.rollout()
	case i.step%3 == 0:
		i.apply("MODIFIED", i.pods[0])
	}
	i.down.Store(i.step%20 >= 10)
	i.server.set(func() { i.server.down = i.step%40 == 30 })
}

// resident is the memory of a process that no file backs, in KiB; 0 where the system does not show it (proc(5),
// RssAnon). Pages of the program's file come and go as the system likes.
func resident(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "RssAnon:")
	kib, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return kib
}

// lacks waits until a text is no longer on the screen.
func (d *driver) lacks(text string) {
	d.t.Helper()
	for range 600 {
		if !strings.Contains(d.text(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatalf("%q stays on the screen:\n%s", text, d.text())
}

// Through the whole incident each key that is pressed has its effect, and the memory of the program stays what it was.
func TestSoakOfTheTerminalUI(t *testing.T) {
	lasts := soakTime(t)
	i := newIncident(t)
	d := drive(t, 100, 30, "--kubeconfig", i.server.kubeconfig(t), "--alerts", i.alerts.Name(), "--offline", "-A")
	d.sees("web-7d9c5b6f48-")
	var memory []int
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		i.next()
		word := fmt.Sprintf("key%06d", i.step)
		d.press("/")
		for _, letter := range word {
			d.press(string(letter))
		}
		d.sees(word) // all ten keys, in their order
		d.press("\x1b")
		d.lacks(word) // an escape and the next key would be read as one
		if i.step%10 == 0 {
			d.press("\r")
			d.sees("1 Over")
			d.press("2")
			d.press("\x1b")
			d.sees("1 Over")
			for range 3 { // panes close first
				if !strings.Contains(d.text(), "1 Over") {
					break
				}
				d.press("\x1b")
				time.Sleep(100 * time.Millisecond)
			}
			d.lacks("1 Over")
		}
		memory = append(memory, resident(d.pid))
	}
	t.Logf("%d steps, %d keys", len(memory), d.presses)
	i.server.set(func() { i.server.down = false })
	d.press("\x03")
	d.quits()
	checkFlat(t, memory)
}

// checkFlat compares the second quarter with the last: the first one fills caches.
func checkFlat(t *testing.T, memory []int) {
	t.Helper()
	quarter := len(memory) / 4
	if quarter == 0 || memory[0] == 0 {
		return
	}
	highest := func(part []int) (most int) {
		for _, kib := range part {
			most = max(most, kib)
		}
		return most
	}
	early, late := highest(memory[quarter:2*quarter]), highest(memory[3*quarter:])
	t.Logf("memory: %d MiB early, %d MiB late", early>>10, late>>10)
	if late > early+early/4+(48<<10) { // a garbage collection may be under way
		t.Errorf("memory grows: %d KiB, then %d KiB", early, late)
	}
}

func TestMemoryThatGrowsIsSeen(t *testing.T) {
	if resident(os.Getpid()) == 0 && runtime.GOOS == "linux" {
		t.Error("the memory of this process is not known")
	}
	flat, steep := make([]int, 100), make([]int, 100)
	for n := range flat {
		flat[n], steep[n] = 100<<10+n, (100+4*n)<<10
	}
	checkFlat(t, flat)
	lowest, highest := steep[50], steep[99]
	if highest <= lowest+lowest/4+(48<<10) {
		t.Errorf("a growth from %d to %d KiB passes", lowest, highest)
	}
}

// What is opened is closed: lists that are watched and cases, whether registry and API server answer or not, leave no
// goroutine behind.
func TestSoakLeavesNoGoroutine(t *testing.T) {
	lasts := soakTime(t) / 2
	i := newIncident(t)
	newHome(t)
	config := i.server.kubeconfig(t)
	round := func() {
		i.next()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		f := &flags{kubeconfig: config, offline: true, alerts: i.alerts.Name(), allNamespaces: true}
		s, err := newSession(f, streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		s.lister.Relist = triage.RelistEvery
		err = s.lister.Watch(ctx, true, func(l inspect.PodList) {
			if l.State.Whole || l.State.Lost != "" {
				stop()
			}
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		began := time.Now()
		o := call(t, "inspect", "pod/"+i.pods[0], "-n", "shop", "--kubeconfig", config, "--offline", "-o", "json")
		t.Logf("step %d: exit %d after %s", i.step, o.code, time.Since(began).Round(time.Millisecond))
	}
	round() // what is made once in a process stays
	begin := settled(0)
	rounds := 0
	for end := time.Now().Add(lasts); time.Now().Before(end); rounds++ {
		round()
	}
	i.server.CloseClientConnections()
	i.registry.CloseClientConnections()
	// Some connections of the test servers may still be closing. A leak of one goroutine in a round is more than these.
	allowed := begin + 8
	if left := settled(allowed); left > allowed {
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines after %d rounds, %d before\n%s", left, rounds, begin,
			stacks[:runtime.Stack(stacks, true)])
	}
	t.Logf("%d rounds", rounds)
}

// settled is the number of goroutines once it is at most a number, or after 3 s.
func settled(most int) int {
	for range 300 {
		if runtime.NumGoroutine() <= most {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return runtime.NumGoroutine()
}
