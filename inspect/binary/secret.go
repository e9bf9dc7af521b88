package binary

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// Keys and tokens that an image holds, also those that a later layer deleted: whoever can pull the image has them.
// A finding names its kind, its file and its layer, never itself.

// secretFile is a file that may hold a secret, and the layer that took it away, -1 where it still stands.
type secretFile struct {
	node *inspect.Node
	by   int
	how  string // deleted, replaced
}

// secrets looks for keys and tokens in the files of all layers. It reads at most MaxSecretFile of each file and stops
// after MaxSecretBytes or MaxSecrets; an attacker gains nothing by passing them, since secrets are the builder's
// mistake and not the attacker's work.
func (h *scanner) secrets(ctx context.Context, emit func(inspect.Event)) error {
	files, err := h.secretFiles(ctx, h.shadowed)
	if err != nil {
		return err
	}
	said, read := 0, int64(0)
	for _, f := range files {
		if said == MaxSecrets || read > MaxSecretBytes || ctx.Err() != nil {
			return ctx.Err()
		}
		data, err := h.tree.Head(ctx, f.node, MaxSecretFile)
		read += int64(len(data))
		if err != nil {
			continue // its layer is not kept: that is said elsewhere
		}
		if s := secretIn(f.node.Path, data); s.what != "" {
			said++
			h.secret(f, s, emit)
		}
	}
	return nil
}

// secretFiles gives the files whose name, or whose mode, suggests that they may hold a secret, but for those that come
// with packages: their keys are for tests, and everybody has them. Shadowed files follow those of the merged tree. A
// file larger than MaxSecretFile is none: keys and tokens are small.
func (h *scanner) secretFiles(ctx context.Context, shadowed []layer.ShadowedEntry) ([]secretFile, error) {
	may := func(n *inspect.Node) bool {
		return layer.IsRegular(n) && n.Size > 0 && n.Size <= MaxSecretFile && n.Kind == "" && mayBeSecret(n) &&
			!library(n.Path) && !h.own.Names(n.Path)
	}
	var all []secretFile
	for n := range h.tree.All() {
		if may(n) {
			all = append(all, secretFile{node: n, by: -1})
		}
	}
	shadowed, err := owner.Unpackaged(ctx, h.tree, slices.DeleteFunc(slices.Clone(shadowed),
		func(r layer.ShadowedEntry) bool { return !may(r.Node) }))
	for _, r := range shadowed {
		how := "deleted"
		if r.Replaced {
			how = "replaced"
		}
		all = append(all, secretFile{r.Node, r.By, how})
	}
	return all, err
}

// secret reports whether a file holds a secret.
func (h *scanner) secret(f secretFile, s secret, emit func(inspect.Event)) {
	n := f.node
	code, text := inspect.CodeSecret, fmt.Sprintf("%s in layer %d contains %s", n.Path, n.Layer, s.what)
	if f.by >= 0 {
		code, text = inspect.CodeHiddenSecret,
			fmt.Sprintf("%s in layer %d contains %s; layer %d %s it, and it is still in the image", n.Path, n.Layer,
				s.what, f.by, f.how)
	}
	said := text
	if step := h.createdBy(n.Layer); step != "" {
		said += " (build step: " + cut(step, 200) + ")"
	}
	emit(inspect.Event{Fact: inspect.Setting{Code: code, Detail: said, Severity: s.severity}})
	subject := h.image.Container + ":" + n.Path
	finding := &inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckBinaries, code, fmt.Sprintf("%s in layer %d", subject, n.Layer)),
		Check: inspect.CheckBinaries, Code: code, Status: s.severity.RowStatus(),
		Severity: s.severity, Subject: subject, Title: text, Detail: h.createdBy(n.Layer),
		Evidence: []inspect.Evidence{
			{Kind: "file", Digest: "sha256:" + n.SHA256, Path: n.Path},
			{Kind: "layer", Digest: h.layerDigest(n.Layer), Path: n.Path, Text: h.createdBy(n.Layer)},
		},
	}
	if f.by >= 0 {
		finding.Evidence = append(finding.Evidence, inspect.Evidence{
			Kind: "layer", Digest: h.layerDigest(f.by),
			Path: n.Path, Text: f.how + " by: " + h.createdBy(f.by),
		})
	}
	emit(inspect.Event{Fact: *finding})
}

// mayBeSecret reports whether a file has a name that holds secrets, or is a text for its owner's eyes only. The names
// are those under which the tools themselves write credentials; the example and template forms of .env are meant to be
// published. A mode without any bit for group and others is the builder's own sign that a text is private.
func mayBeSecret(n *inspect.Node) bool {
	base := path.Base(n.Path)
	dir := path.Base(path.Dir(n.Path))
	switch {
	case slices.Contains([]string{
		".npmrc", ".yarnrc.yml", ".pypirc", ".netrc", "_netrc", ".git-credentials", ".dockercfg", ".pgpass",
		".my.cnf", ".vault-token", ".terraformrc", ".boto", ".s3cfg", ".htpasswd",
		"pip.conf", "kubeconfig", "admin.conf", "auth.json", "application_default_credentials.json",
		"credentials.json", "credentials.tfrc.json", "credentials.toml",
		"accessTokens.json", "msal_token_cache.json", "service-account.json", "serviceaccount.json", "wp-config.php",
		"settings.xml", "NuGet.Config", "nuget.config",
	}, base):
		return true
	case base == "config.json" && dir == ".docker", base == "config" && (dir == ".kube" || dir == ".aws"),
		base == "credentials" && slices.Contains([]string{".aws", ".cargo", ".gem"}, dir),
		base == "hosts.yml" && dir == "gh":
		return true
	case base == ".env", strings.HasPrefix(base, ".env.") && !slices.Contains([]string{
		".env.example", ".env.sample",
		".env.template", ".env.dist", ".env.test",
	}, base), path.Ext(base) == ".env":
		return true
	case strings.HasPrefix(base, "id_") && path.Ext(base) == "", strings.HasPrefix(base, "ssh_host_") &&
		path.Ext(base) == "", layer.Within(n.Path, "/run/secrets"):
		return true
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".pem", ".key", ".ppk", ".p8", ".pk8", ".priv", ".kubeconfig":
		return true
	case ".json":
		return n.Size < 8<<10 && strings.Contains(strings.ToLower(base), "account")
	}
	return n.Mode&0o077 == 0 && n.Mode != 0 && strings.HasPrefix(n.MIME, "text/") && n.Size <= 16<<10
}

// library recognizes where packages of all kinds keep their files, with keys for their tests and examples among them,
// and where a distribution puts the key that it makes for trying a server out.
func library(p string) bool {
	for _, part := range []string{
		"/node_modules/", "/site-packages/", "/dist-packages/", "/gems/", "/vendor/", "/testdata/", "/test/",
		"/tests/", "/spec/", "/examples/", "/example/", "/samples/", "/fixtures/", "/doc/", "/docs/",
		"/pkg/mod/", "/go/src/", "/nix/store/", "/cargo/registry/", "/.cargo/registry/", "/.m2/repository/",
	} {
		if strings.Contains(p, part) {
			return true
		}
	}
	for _, dir := range []string{
		"/usr/share", "/usr/lib", "/usr/lib64", "/lib", "/usr/local/go", "/usr/local/share",
		"/usr/local/lib", "/proc", "/sys",
	} {
		if layer.Within(p, dir) {
			return true
		}
	}
	return p == "/etc/ssl/private/ssl-cert-snakeoil.key" || layer.Within(p, "/var/lib/dpkg") || layer.Within(p,
		"/etc/apk/keys")
}
