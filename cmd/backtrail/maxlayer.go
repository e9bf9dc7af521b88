package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// layerSize is a flag of a number of bytes, with or without a unit: 200MB, 1.5GiB, 52428800.
type layerSize int64

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) *([kKMGT]?)(i?)[bB]?$`)

// Set reads the flag's value.
func (s *layerSize) Set(text string) error {
	m := sizeForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || m[2] == "" && m[3] != "" {
		return fmt.Errorf("%q is no size: 200MB, 1.5GiB and 52428800 are", text)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return fmt.Errorf("%q is no size: %w", text, err)
	}
	base := 1000.0
	if m[3] != "" {
		base = 1024
	}
	bytes := number * math.Pow(base, float64(strings.Index("kMGT", strings.Replace(m[2], "K", "k", 1))+1))
	if m[2] == "" {
		bytes = number
	}
	if bytes < 1 || bytes > math.MaxInt64/2 {
		return fmt.Errorf("%q is no size of a layer", text)
	}
	*s = layerSize(bytes)
	return nil
}

func (s *layerSize) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type names the value in the help.
func (*layerSize) Type() string { return "SIZE" }
