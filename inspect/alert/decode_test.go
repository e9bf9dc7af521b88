package alert

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"unicode/utf16"
)

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wide is a text as UTF-16 with its mark.
func wide(text string, big bool) (b []byte) {
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func TestEncodings(t *testing.T) {
	line := falcoOne + "\r\n"
	for name, content := range map[string][]byte{
		"UTF-8 with a mark": []byte("\ufeff" + line), "UTF-16 LE": wide(line, false), "UTF-16 BE": wide(line, true),
		"gzip": zipped(t, line), "gzip, in two parts": append(zipped(t, line[:100]), zipped(t, line[100:])...),
		"gzip of UTF-16": zipped(t, string(wide(line, false))),
	} {
		in, err := Read(bytes.NewReader(content), Limits{})
		if err != nil || len(in.Alerts) != 1 || in.Broken != 0 || in.Alerts[0].Rule == "" {
			t.Errorf("%s: %v, %d alerts, %d broken", name, err, len(in.Alerts), in.Broken)
		}
	}
}

func TestEncodingsThatAreNotRead(t *testing.T) {
	cut := zipped(t, strings.Repeat(falcoOne+"\n", 100))
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"zstd":          {[]byte("\x28\xb5\x2f\xfd..."), "compressed with zstd: decompress it first"},
		"xz":            {[]byte("\xfd7zXZ\x00..."), "compressed with xz"},
		"gzip, cut off": {cut[:len(cut)-20], "decompressing gzip"},
		"gzip, and not": {[]byte("\x1f\x8b no"), "decompressing gzip"},
	} {
		_, err := Read(bytes.NewReader(tt.content), Limits{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A request stays as small as it is.
func TestPlainInputIsNotDecompressed(t *testing.T) {
	in, err := Read(bytes.NewReader(zipped(t, falcoOne)), Limits{Plain: true})
	if err != nil || len(in.Alerts) != 0 {
		t.Errorf("%v, %d alerts", err, len(in.Alerts))
	}
}

// What log stores return is many alerts in one value.
func TestAnswersOfLogStores(t *testing.T) {
	for name, content := range map[string]string{
		"Elasticsearch": `{"took":3,"hits":{"total":2,"hits":[{"_source":` + falcoOne + `},{"_source":` + falcoOne + `}]}}`,
		"CloudWatch": mustJSON(
			map[string]any{
				"events": []any{
					map[string]any{"message": falcoOne, "timestamp": 1}, map[string]any{"message": falcoOne},
				},
			},
		),
		"Amazon SQS": `{"Records":[` + wrapped("body", falcoOne) + `,` + wrapped("body", falcoOne) + `]}`,
		"CloudWatch Logs Insights": `{"results": [[{"field": "@timestamp", "value": "2026-03-01 08:01:02.000"},` +
			wrapped("field", "@message", "value", falcoOne) + `],[` + wrapped("field", "@message", "value", falcoOne) + `]]}`,
		"OTLP": `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + wrapped("body", map[string]string{"stringValue": falcoOne}) +
			`,` + wrapped("body", map[string]string{"stringValue": falcoOne}) + `]}]}]}`,
		"Datadog": `{"data": [` + wrapped("attributes", map[string]string{"message": falcoOne}) + `,` +
			wrapped("attributes", map[string]string{"message": falcoOne}) + `]}`,
		"PowerShell":                   `{"value":[` + falcoOne + `,` + falcoOne + `],"Count":2}`,
		"a subscription of CloudWatch": `{"messageType":"DATA_MESSAGE","logEvents":[` + wrapped("message", falcoOne) + `,` + wrapped("message", falcoOne) + `]}`,
		"Loki": `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[` +
			mustJSON(
				[]string{"1772352062500000000", falcoOne},
			) + `,` + mustJSON([]string{"1772352062500000000", falcoOne}) + `]}]}}`,
	} {
		in, err := Read(strings.NewReader(content), Limits{})
		if err != nil || len(in.Alerts) != 2 || in.Broken != 0 {
			t.Errorf("%s: %v, %d alerts, %d broken %v", name, err, len(in.Alerts), in.Broken, in.Samples)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(zipped(f, falcoOne))
	f.Add(wide(falcoOne, true))
	f.Add([]byte(`{"took":3,"hits":{"hits":[{"_source":` + falcoOne + `}]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		in, _ := Read(bytes.NewReader(content), Limits{Alerts: 3, Line: 3000})
		if len(in.Alerts) > 3 {
			t.Errorf("%d alerts", len(in.Alerts))
		}
	})
}
