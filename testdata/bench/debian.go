package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// suite and packages make an image of about 1.3 GB unpacked: a Debian with compilers, interpreters and servers, as base images for builds
// are.
const suite = "bookworm"

var packages = []string{
	"build-essential", "git", "python3-pip", "python3-pandas", "nodejs", "npm", "postgresql", "imagemagick", "ruby-full", "perl-doc", "curl", "cmake",
	"nginx", "openssh-client",
}

// debianLayer installs a Debian by mmdebstrap, from its default mirror, and packs it as a layer.
func debianLayer(ctx context.Context, to string) error {
	say("installing a Debian %s with %d packages and what they need (mmdebstrap)", suite, len(packages))
	return packLayer(to, func(w io.Writer) error {
		cmd := gently(ctx, "mmdebstrap", "--quiet", "--variant=important", "--include="+strings.Join(packages, ","), "--format=tar", suite, "-")
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = w, &stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("installing a Debian by mmdebstrap: %w: %s", err, tail(stderr.Bytes()))
		}
		return nil
	})
}

// packLayer writes what fill gives, a tar, as a gzip file.
func packLayer(to string, fill func(io.Writer) error) error {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("packing %s: %w", filepath.Base(to), err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if err := fill(z); err != nil {
		return fmt.Errorf("packing %s: %w", filepath.Base(to), err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("packing %s: %w", filepath.Base(to), err)
	}
	return f.Close()
}
