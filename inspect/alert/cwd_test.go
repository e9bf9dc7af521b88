package alert

import (
	"testing"
	"time"
)

// Where Falco gives no path of the program, the one that it was called by is taken below its
// working directory.
func TestProgramsCalledByARelativePath(t *testing.T) {
	for fields, want := range map[string]string{
		`"proc.exe":"./xmrig","proc.cwd":"/tmp/.x/"`:                      "/tmp/.x/xmrig",
		`"proc.exe":"bin/xmrig","proc.cwd":"/opt"`:                        "/opt/bin/xmrig",
		`"proc.exe":"xmrig","proc.cwd":"/opt"`:                            "",
		`"proc.exe":"./xmrig"`:                                            "",
		`"proc.exe":"./xmrig","proc.cwd":"<NA>"`:                          "",
		`"proc.exe":"./xmrig","proc.cwd":"/opt","proc.exepath":"/tmp/kd"`: "/tmp/kd",
		`"proc.exe":"/usr/bin/xmrig","proc.cwd":"/opt"`:                   "/usr/bin/xmrig",
	} {
		a, err := ParseLine(
			[]byte(
				`{"output":"x","priority":"Critical","rule":"r","time":"2026-03-01T08:01:02Z","output_fields":{`+fields+`}}`,
			),
			time.Time{},
		)
		if err != nil || a.Path != want {
			t.Errorf("%s: %q, want %q (%v)", fields, a.Path, want, err)
		}
	}
}
