package alert

import (
	"cmp"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// tetragonEvent is a line of Tetragon's JSON: one of its fields is there.
type tetragonEvent struct {
	Exec       maybe[tetragonBody] `json:"process_exec"`
	Exit       maybe[tetragonBody] `json:"process_exit"`
	Kprobe     maybe[tetragonBody] `json:"process_kprobe"`
	Tracepoint maybe[tetragonBody] `json:"process_tracepoint"`
	LSM        maybe[tetragonBody] `json:"process_lsm"`
}

type tetragonBody struct {
	kind     string
	Process  maybe[tetragonProcess] `json:"process"`
	Function text                   `json:"function_name"`
	Policy   text                   `json:"policy_name"`
	Message  text                   `json:"message"`
}

type tetragonProcess struct {
	Binary    text               `json:"binary"`
	Arguments text               `json:"arguments"`
	Cwd       text               `json:"cwd"`
	Docker    text               `json:"docker"` // first 31 digits of the container ID
	Pod       maybe[tetragonPod] `json:"pod"`
}

type tetragonPod struct {
	Namespace text                     `json:"namespace"`
	Name      text                     `json:"name"`
	Container maybe[tetragonContainer] `json:"container"`
}

type tetragonContainer struct {
	ID    text `json:"id"` // containerd://HEX
	Name  text `json:"name"`
	Image maybe[struct {
		ID   text `json:"id"` // REPO@sha256:HEX, or sha256:HEX of the config
		Name text `json:"name"`
	}] `json:"image"`
}

// process is the event's body with its kind, nil if the line is not Tetragon's.
func (e *tetragonEvent) process() *tetragonBody {
	for _, of := range []struct {
		kind string
		body *tetragonBody
	}{
		{"exec", e.Exec.value},
		{"kprobe", e.Kprobe.value},
		{"lsm", e.LSM.value},
		{"tracepoint", e.Tracepoint.value},
		{"exit", e.Exit.value},
	} {
		if of.body != nil && of.body.Process.value != nil {
			of.body.kind = of.kind
			return of.body
		}
	}
	return nil
}

// alert reads the event. Tetragon has no priorities, and no rule but a tracing policy.
func (e *tetragonEvent) alert(b tetragonBody, stamp string) Alert {
	p := b.Process.value
	command := strings.TrimSpace(string(p.Binary) + " " + string(p.Arguments))
	a := Alert{Alert: inspect.Alert{
		Source: SourceTetragon, Rule: b.rule(), Output: cmp.Or(string(b.Message), b.kind+" "+command),
		ContainerID: bareID(string(p.Docker)), Path: string(p.Binary),
	}}
	if t, ok := clock(stamp); ok {
		a.Time = inspect.At(t)
	}
	if a.Path != "" && !path.IsAbs(a.Path) && !strings.HasPrefix(a.Path, "memfd:") && path.IsAbs(string(p.Cwd)) {
		a.Path = path.Join(string(p.Cwd), a.Path)
	}
	pod := p.Pod.value
	if pod == nil {
		return a
	}
	a.Namespace, a.Pod = string(pod.Namespace), string(pod.Name)
	c := pod.Container.value
	if c == nil {
		return a
	}
	a.Container, a.ContainerID = string(c.Name), cmp.Or(bareID(string(c.ID)), a.ContainerID)
	if image := c.Image.value; image != nil {
		a.Image, a.Digest = string(image.Name), digestOf(string(image.ID))
	}
	return a
}

// rule names what the event is of.
func (b *tetragonBody) rule() string {
	name := "process_" + b.kind
	for _, detail := range []text{b.Policy, b.Function} {
		if detail != "" {
			name += " " + string(detail)
		}
	}
	return name
}
