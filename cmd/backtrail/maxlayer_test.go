package main

import "testing"

func TestLayerSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "52428800": 52428800, "200MB": 200_000_000, "200M": 200_000_000, "1.5GiB": 3 << 29, "64KiB": 64 << 10, "64 kB": 64_000, "2Ti": 2 << 40,
		"": 0, "MB": 0, "0": 0, "-1MB": 0, "1XB": 0, "1iB": 0, "1e9": 0, "99999999999999999999GB": 0, "200MB/s": 0,
	} {
		var s layerSize
		if err := s.Set(text); int64(s) != want || (err != nil) != (want == 0) {
			t.Errorf("%q is %d (%v), want %d", text, s, err, want)
		}
	}
}
