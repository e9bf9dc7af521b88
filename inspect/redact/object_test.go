package redact

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestObject(t *testing.T) {
	tests := map[string]struct {
		in     string
		fields []string
	}{
		"nothing to remove":  {`{"kind":"Pod","spec":{"containers":[{"env":[{"name":"MODE","value":"prod"}]}]}}`, nil},
		"a literal password": {`{"env":[{"name":"DB_PASSWORD","value":"q7Zx"}]}`, []string{".env[DB_PASSWORD].value"}},
		"a value that nothing is known of": {
			`{"env":[{"name":"GREETING","value":"q7Zx"}]}`,
			[]string{".env[GREETING].value"},
		},
		"a reference stays": {`{"env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]}`, nil},
		"a Secret":          {`{"kind":"Secret","data":{"a":"q7Zx"}}`, []string{".data.a"}},
		"kubectl's copy": {
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"q7Zx\":1}"}}}`,
			[]string{".metadata.annotations.kubectl.kubernetes.io/last-applied-configuration"},
		},
		"arguments": {`{"args":["--token","q7Zx"],"command":["/app"]}`, []string{".args"}},
		"a script":  {`{"command":["sh","-c","curl -u a:q7Zx https://h"]}`, []string{".command"}},
		"a probe": {
			`{"livenessProbe":{"exec":{"command":["redis-cli","-a","q7Zx","ping"]}}}`,
			[]string{".livenessProbe.exec.command"},
		},
		"a probe's header": {
			`{"httpGet":{"httpHeaders":[{"name":"X-Auth-Token","value":"q7Zx"}]}}`,
			[]string{".httpGet.httpHeaders[X-Auth-Token].value"},
		},
		"an annotation": {
			`{"metadata":{"annotations":{"deploy/token":"q7Zx"}}}`,
			[]string{".metadata.annotations.deploy/token"},
		},
		"JSON within an annotation": {
			`{"metadata":{"annotations":{"cfg":"{\"password\":\"q7Zx\"}"}}}`,
			[]string{".metadata.annotations.cfg"},
		},
		"names stay": {`{"spec":{"imagePullSecrets":[{"name":"regcred"}],"volumes":[{"secret":{"secretName":"db-password"}}]}}`, nil},
		"a config map": {
			`{"kind":"ConfigMap","data":{"app.properties":"a=1\ndb.password=q7Zx\n"}}`,
			[]string{".data.app.properties"},
		},
		"a process": {
			`{"output_fields":{"proc.cmdline":"mysql -pq7Zx1 -e x","k8s.pod.name":"web"}}`,
			[]string{".output_fields.proc.cmdline"},
		},
		"an environment as a list": {`{"Env":["PATH=/bin","DB_PASSWORD=q7Zx"]}`, []string{".Env"}},
	}
	for name, tt := range tests {
		out, fields, err := Object([]byte(tt.in))
		if err != nil || !slices.Equal(fields, tt.fields) || strings.Contains(string(out), "q7Zx") {
			t.Errorf("%s: %v, %v: %s", name, fields, err, out)
		}
		if len(tt.fields) == 0 && string(out) != tt.in {
			t.Errorf("%s: changed to %s", name, out)
		}
		if again, more, _ := Object(out); len(more) > 0 || string(again) != string(out) {
			t.Errorf("%s: changes again to %s", name, again)
		}
	}
	for _, bad := range []string{`[]`, `{`, ``} {
		if _, _, err := Object([]byte(bad)); err == nil {
			t.Errorf("%q is no object", bad)
		}
	}
}

func TestObjectsBeyondTheDepthAreRemoved(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 2*maxObjectDepth) + `"q7Zx"` + strings.Repeat("}", 2*maxObjectDepth)
	out, fields, err := Object([]byte(deep))
	if err != nil || len(fields) != 1 || strings.Contains(string(out), "q7Zx") {
		t.Errorf("%s %v %v", out, fields, err)
	}
}

func TestLineOfAnAlert(t *testing.T) {
	line := `{"rule":"Shell","output":"curl -H Authorization: Bearer abcdefghijklmnop1234 http://u:hunter2@host password=hunter2 (container_id=0123456789ab)"}`
	got, kinds := Line(line)
	if strings.Contains(got, "hunter2") || strings.Contains(got, "abcdefghijklmnop1234") || !strings.Contains(got,
		"0123456789ab") || len(kinds) == 0 {
		t.Errorf("%s, %v", got, kinds)
	}
	if !json.Valid([]byte(got)) {
		t.Errorf("no JSON any more: %s", got)
	}
	if got, kinds := Line("Notice Shell spawned (user=root command=mysql -pq7Zx1)"); strings.Contains(got, "q7Zx") ||
		len(kinds) != 1 {
		t.Errorf("%s, %v", got, kinds)
	}
	if got, kinds := Line(`{"rule":"Shell","priority":"Notice"}`); got != `{"rule":"Shell","priority":"Notice"}` ||
		len(kinds) != 0 {
		t.Errorf("%s, %v", got, kinds)
	}
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"env":[{"name":"TOKEN","value":"x"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, fields, err := Object(b)
		if err == nil && len(fields) > 0 && !json.Valid(out) {
			t.Errorf("%s is no JSON", out)
		}
	})
}
