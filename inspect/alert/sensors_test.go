package alert

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/backtrail/backtrail/inspect"
)

func addresses(list ...string) (all []netip.Addr) {
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

const (
	kubeArmorOne = `{"Timestamp":1772352062,"UpdatedTime":"2026-03-01T08:01:02.500000Z","ClusterName":"default","HostName":"node1","NamespaceName":"shop","PodName":"web-0","Owner":{"Ref":"Deployment","Name":"web","Namespace":"shop"},"ContainerID":"` + hex64 + `","ContainerName":"web","ContainerImage":"reg.example/web:1@` + digestA + `","ProcessName":"/usr/bin/apt","PolicyName":"ksp-block-packages","Severity":"7","Message":"blocked","Type":"MatchedPolicy","Operation":"Process","Resource":"/usr/bin/apt install x","Action":"Block","Result":"Permission denied"}`
	traceeOne    = `{"timestamp":1772352062500000000,"processId":7,"processName":"sh","executable":{"path":"/bin/sh"},"hostName":"web-0","containerId":"` + hex64 + `","container":{"id":"` + hex64 + `","name":"web","image":"reg.example/web:1","imageDigest":"reg.example/web@` + digestA + `"},"kubernetes":{"podName":"web-0","podNamespace":"shop","podUID":"u-1"},"eventId":"6018","eventName":"dropped_executable","matchedPolicies":[""],"args":[{"name":"triggeredBy","value":{"id":1}},{"name":"pathname","type":"const char*","value":"/tmp/.x/kd"},{"name":"sha256","value":"` + hex64 + `"}],"metadata":{"Properties":{"Severity":3,"signatureID":"TRC-1022","signatureName":"New executable dropped"}}}`
	suricataOne  = `{"timestamp":"2026-03-01T08:01:02.500000+0000","flow_id":1,"event_type":"alert","src_ip":"203.0.113.9","src_port":443,"dest_ip":"10.0.0.5","dest_port":41234,"proto":"TCP","alert":{"signature_id":2,"signature":"ET MALWARE CoinMiner","category":"Crypto","severity":1},"tls":{"sni":"Pool.Example."},"flow":{"src_ip":"10.0.0.5","src_port":41234,"dest_ip":"203.0.113.9","dest_port":443}}`
	hubbleOne    = `{"flow":{"time":"2026-03-01T08:01:02.500000000Z","verdict":"DROPPED","drop_reason_desc":"POLICY_DENIED","IP":{"source":"10.0.0.5","destination":"203.0.113.9"},"l4":{"TCP":{"source_port":41234,"destination_port":3333}},"source":{"namespace":"shop","pod_name":"web-0","workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"labels":["reserved:world"]},"node_name":"node1","traffic_direction":"EGRESS","destination_names":["pool.example"],"Summary":"TCP Flags: SYN"},"node_name":"node1","time":"2026-03-01T08:01:02.5Z"}`
	imaOne       = `{"process_lsm":{"process":{"binary":"/bin/sh","docker":"3ad7b26ded6d8e7b23da7d48fe88943","pod":{"namespace":"shop","name":"web-0","uid":"u-1"}},"policy_name":"hashes","function_name":"bprm_check_security","args":[{"linux_binprm_arg":{"path":"/tmp/.x/kd"}}],"ima_hash":"sha256:` + hex64 + `"},"node_name":"node1","time":"2026-03-01T08:01:02.5Z"}`
)

// Each sensor's alert, in its own form.
func TestSensors(t *testing.T) {
	pod := inspect.Alert{Time: inspect.At(at), Namespace: "shop", Pod: "web-0"}
	with := func(change func(a *Alert)) Alert {
		a := Alert{Alert: pod, Node: "node1"}
		change(&a)
		return a
	}
	for _, tt := range []struct {
		name, line string
		want       Alert
	}{
		{"KubeArmor", kubeArmorOne, with(func(a *Alert) {
			a.Source, a.Rule, a.Priority, a.Path = SourceKubeArmor, "ksp-block-packages", "Error", "/usr/bin/apt"
			a.Container, a.ContainerID, a.Image, a.Digest, a.Workload, a.WorkloadKind = "web", hex64, "reg.example/web:1", digestA, "web", "Deployment"
		})},
		{"Tracee, a file that was dropped, with its hash", traceeOne, with(func(a *Alert) {
			a.Source, a.Rule, a.Priority, a.Path, a.FileDigest = SourceTracee, "New executable dropped", "Error", "/tmp/.x/kd", "sha256:"+hex64
			a.ContainerID, a.Image, a.Digest, a.PodUID, a.Node = hex64, "reg.example/web:1", digestA, "u-1", ""
		})},
		{"Tracee's rules", `{"Context":` + traceeOne + `,"SigMetadata":{"ID":"TRC-1022","Name":"Dropped","Properties":{"Severity":2}}}`, with(func(a *Alert) {
			a.Source, a.Rule, a.Priority, a.Path, a.FileDigest = SourceTracee, "Dropped", "Warning", "/tmp/.x/kd", "sha256:"+hex64
			a.ContainerID, a.Image, a.Digest, a.PodUID, a.Node = hex64, "reg.example/web:1", digestA, "u-1", ""
		})},
		{
			"Tracee's API",
			`{"timestamp":"2026-03-01T08:01:02.500000000Z","name":"net_tcp_connect","workload":{"process":{"executable":{"path":"/usr/bin/curl"}},"container":{"id":"` + hex64 + `","image":{"name":"reg.example/web:1","repoDigests":["reg.example/web@` + digestA + `"]}},"k8s":{"pod":{"name":"web-0","uid":"u-1"},"namespace":{"name":"shop"}}},"threat":{"name":"C2","severity":"HIGH"},"data":[{"name":"dst_port","value":443},{"name":"dst_dns","str":"pool.example"},{"name":"dst","value":"203.0.113.9"}]}`,
			with(func(a *Alert) {
				a.Source, a.Rule, a.Priority, a.Path = SourceTracee, "C2", "Error", "/usr/bin/curl"
				a.ContainerID, a.Image, a.Digest, a.PodUID, a.Node = hex64, "reg.example/web:1", digestA, "u-1", ""
				a.Destination, a.Addresses = inspect.Destination{
					Address: "203.0.113.9", Port: 443, Name: "pool.example",
				}, addresses("203.0.113.9")
			}),
		},
		{"Suricata, the answer of a server", suricataOne, with(func(a *Alert) {
			a.Source, a.Rule, a.Priority, a.Namespace, a.Pod, a.Node = SourceSuricata, "ET MALWARE CoinMiner", "Critical", "", "", ""
			a.Destination, a.Target = inspect.Destination{
				Address: "203.0.113.9", Port: 443, Name: "pool.example",
			}, "pool.example:443"
			a.Addresses = addresses("10.0.0.5", "203.0.113.9")
		})},
		{"Hubble", hubbleOne, with(func(a *Alert) {
			a.Source, a.Rule, a.Priority, a.Workload, a.WorkloadKind = SourceHubble, "flow dropped policy_denied", "Notice", "web", "Deployment"
			a.Destination, a.Target = inspect.Destination{
				Address: "203.0.113.9", Port: 3333, Name: "pool.example",
			}, "pool.example:3333"
			a.Addresses = addresses("10.0.0.5", "203.0.113.9")
		})},
		{"Tetragon, with the hash of IMA", imaOne, with(func(a *Alert) {
			a.Source, a.Rule, a.Path, a.FileDigest = SourceTetragon, "process_lsm hashes bprm_check_security", "/tmp/.x/kd", "sha256:"+hex64
			a.ContainerID, a.PodUID = "3ad7b26ded6d8e7b23da7d48fe88943", "u-1"
		})},
		{
			"Kubescape",
			`{"BaseRuntimeMetadata":{"alertName":"Unexpected process launched","severity":"3","timestamp":"2026-03-01T08:01:02.5Z"},"RuntimeK8sDetails":{"podNamespace":"shop","podName":"web-0","containerName":"web","containerID":"` + hex64 + `","image":"reg.example/web:1","imageDigest":"` + digestA + `","nodeName":"node1","workloadName":"web","workloadKind":"Deployment"},"RuntimeProcessDetails":{"processTree":{"path":"/tmp/kd"}},"message":"x"}`,
			with(func(a *Alert) {
				a.Source, a.Rule, a.Priority, a.Path = SourceKubescape, "Unexpected process launched", "Error", "/tmp/kd"
				a.Container, a.ContainerID, a.Image, a.Digest, a.Workload, a.WorkloadKind = "web", hex64, "reg.example/web:1", digestA, "web", "Deployment"
			}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseLine([]byte(tt.line), at)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, plain, process); diff != "" {
				t.Error(diff)
			}
			inside, err := ParseLine([]byte(wrapped("log", tt.line)), at)
			if err != nil || inside.Rule != tt.want.Rule {
				t.Errorf("in an envelope: %v, %q", err, inside.Rule)
			}
		})
	}
}

// Sensors write other events too: they are neither alerts nor broken.
func TestEventsThatAreNotAlerts(t *testing.T) {
	lines := []string{
		`{"timestamp":"2026-03-01T08:01:02.5+0000","flow_id":1,"event_type":"dns","src_ip":"10.0.0.5"}`,
		`{"event_type":"stats","stats":{}}`,
		strings.Replace(hubbleOne, "DROPPED", "FORWARDED", 1),
		strings.Replace(kubeArmorOne, "ksp-block-packages", "", 1),
		`{"timestamp":1,"processId":7,"eventName":"execve","matchedPolicies":["default-policy"],"args":[]}`,
		`{"name":"sched_process_exec","workload":{"process":{}}}`,
	}
	var other, broken int
	in, err := Scan(strings.NewReader(strings.Join(lines, "\n")), Limits{}, func(b Batch) bool {
		other, broken = other+b.Other, broken+b.Broken
		return true
	})
	if err != nil || in.Count != 0 || broken != 0 || other != len(lines) {
		t.Errorf("%v, %d alerts, %d broken, %d others", err, in.Count, broken, other)
	}
}

func TestConnectionsOfFalco(t *testing.T) {
	for name, tt := range map[string]struct {
		fields string
		want   inspect.Destination
		first  string
	}{
		"remote and local": {`"fd.lip":"10.0.0.5","fd.rip":"203.0.113.9","fd.rport":443,"fd.rip.name":"pool.example"`, inspect.Destination{
			Address: "203.0.113.9", Port: 443, Name: "pool.example",
		}, "10.0.0.5"},
		"client and server":  {`"fd.cip":"10.0.0.5","fd.sip":"203.0.113.9","fd.sport":443`, inspect.Destination{Address: "203.0.113.9", Port: 443}, "10.0.0.5"},
		"the name alone":     {`"fd.name":"10.0.0.5:41234->203.0.113.9:443"`, inspect.Destination{Address: "203.0.113.9", Port: 443}, "10.0.0.5"},
		"IPv6":               {`"fd.name":"[fd00::5]:41234->[2001:db8::9]:443"`, inspect.Destination{Address: "2001:db8::9", Port: 443}, "fd00::5"},
		"a file":             {`"fd.name":"/etc/shadow"`, inspect.Destination{}, ""},
		"the loopback":       {`"fd.name":"127.0.0.1:1->127.0.0.1:2"`, inspect.Destination{}, ""},
		"a name that is one": {`"fd.sip":"203.0.113.9","fd.sip.name":"x\u202e.example"`, inspect.Destination{Address: "203.0.113.9"}, "203.0.113.9"},
	} {
		a, err := ParseLine([]byte(`{"rule":"R","output":"","output_fields":{`+tt.fields+`}}`), at)
		if err != nil || a.Destination != tt.want || tt.first != "" &&
			!slices.Equal(a.Addresses[:1], addresses(tt.first)) || tt.first == "" && a.Addresses != nil {
			t.Errorf("%s: %v, %+v, %v", name, err, a.Destination, a.Addresses)
		}
	}
}

func TestHashOfFile(t *testing.T) {
	for _, tt := range [][3]string{
		{"", "sha256:" + hex64, "sha256:" + hex64},
		{"sha256", strings.ToUpper(hex64), "sha256:" + hex64},
		{"", "sha1:" + hex64[:40], "sha1:" + hex64[:40]},
		{"sha256", hex64[:63], ""},
		{"", hex64, ""},
		{"", "crc32:aaaa", ""},
		{"", "sha256:" + strings.Repeat("0", 64), ""},
		{"sha256", "../x", ""},
	} {
		if got := hashOfFile(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q of %q is %q, want %q", tt[1], tt[0], got, tt[2])
		}
	}
}

// A scan of many hosts is a bounded number of entries.
func TestAScanMakesNoFlood(t *testing.T) {
	s := newStore(t, 0)
	f := s.Open(KindFile, "eve.json")
	for i := range 500 {
		take(
			t, f,
			strings.ReplaceAll(
				suricataOne, "203.0.113.9", netip.AddrFrom4([4]byte{203, 0, byte(i / 250), byte(1 + i%250)}).String(),
			),
		)
	}
	count := 0
	for _, a := range all(s) {
		count += a.Count
	}
	if n := len(all(s)); n > maxPerSpot+1 || count != 500 {
		t.Errorf("%d entries that count %d", n, count)
	}
}

func FuzzSensors(f *testing.F) {
	for _, line := range []string{kubeArmorOne, traceeOne, suricataOne, hubbleOne, imaOne} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := ParseLine(line, at)
		if err != nil {
			return
		}
		if a.Rule == "" && a.Priority == "" {
			t.Errorf("%q is an alert without rule and priority: %+v", line, a)
		}
		if a.FileDigest != "" && hashOfFile("", a.FileDigest) != a.FileDigest || a.Destination.Port > 65535 {
			t.Errorf("%q: %+v", line, a)
		}
		if _, err := a.Time.MarshalJSON(); err != nil {
			t.Error(err)
		}
	})
}
