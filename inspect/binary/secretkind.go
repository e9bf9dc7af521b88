package binary

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/redact"
)

// secret is what a file holds, in words that do not hold it themselves; without words it holds none.
type secret struct {
	what     string
	severity inspect.Severity
}

// secretIn describes what secret a file's bytes hold. A private key and a token that can be used are medium: they are
// no sign of an intruder, and whoever has the image has them. What is locked by a password, or may be a mere setting,
// is low. p decides which forms are looked for; data are the first bytes of the file. The value itself is neither kept
// nor shown.
func secretIn(p string, data []byte) secret {
	if s := privateKey(p, data); s.what != "" {
		return s
	}
	text := string(data)
	base, dir := path.Base(p), path.Base(path.Dir(p))
	medium := func(found bool, what string) secret {
		if !found {
			return secret{}
		}
		return secret{what, inspect.Medium}
	}
	switch {
	case base == ".npmrc", base == ".yarnrc.yml":
		return medium(valueOf(text, npmToken), "a token of an npm registry")
	case base == ".pypirc":
		return medium(valueOf(text, passwordLine), "a password of a Python package index")
	case base == ".netrc", base == "_netrc":
		return medium(valueOf(text, netrcPassword), "a password for a host")
	case base == ".git-credentials", base == "pip.conf":
		return medium(valueOf(text, urlPassword), "a password in a URL")
	case base == ".dockercfg", base == "config.json" && dir == ".docker", base == "auth.json":
		return medium(registryLogin(data), "a login for a registry")
	case dir == ".aws":
		return medium(valueOf(text, awsSecret), "a secret key of AWS")
	case base == ".pgpass":
		return medium(valueOf(text, pgpassLine), "a password of a database")
	case base == ".my.cnf":
		return medium(valueOf(text, passwordLine), "a password of a database")
	case base == ".vault-token":
		return medium(len(strings.TrimSpace(text)) > 8, "a token of Vault")
	case base == "application_default_credentials.json", base == "accessTokens.json",
		base == "msal_token_cache.json", base == "credentials.tfrc.json", dir == "gh", base == ".terraformrc":
		return medium(valueOf(text, longToken), "a token of a cloud or a service")
	case dir == ".cargo", dir == ".gem":
		return medium(valueOf(text, longToken), "a token of a package index")
	case base == "settings.xml", strings.EqualFold(base, "nuget.config"):
		return medium(valueOf(text, xmlPassword), "a password of a package index")
	case base == "wp-config.php":
		return medium(valueOf(text, phpPassword), "a password of a database")
	case base == "config" && dir == ".kube", base == "kubeconfig", base == "admin.conf",
		path.Ext(base) == ".kubeconfig":
		return medium(valueOf(text, kubeCredential), "a credential for a cluster")
	case base == ".env", strings.HasPrefix(base, ".env."), path.Ext(base) == ".env":
		return settings(text)
	}
	return secret{}
}

// Forms of secrets. Group 1 is the value.
var (
	npmToken = regexp.MustCompile(`(?mi)^\s*"?(?:[^\s=]*:)?(?:_authToken|_auth|_password|` +
		`npmAuthToken)"?\s*[=:]\s*"?([^\s"]+)`)
	passwordLine  = regexp.MustCompile(`(?mi)^\s*password\s*[=:]\s*"?([^\s"]+)`)
	netrcPassword = regexp.MustCompile(`(?i)\bpassword\s+(\S+)`)
	urlPassword   = regexp.MustCompile(`https?://[^\s:/@]*:([^\s:/@]+)@`)
	awsSecret     = regexp.MustCompile(`(?mi)^\s*(?:aws_secret_access_key|aws_session_token)\s*=\s*(\S+)`)
	pgpassLine    = regexp.MustCompile(`(?m)^[^#:\n]+:[^:\n]*:[^:\n]*:[^:\n]*:(\S+)`)
	longToken     = regexp.MustCompile(`(?i)(?:token|refresh_token|access_?token|accesstoken|secret|api_key|` +
		`rubygems_api_key)"?\s*[=:]\s*"?([A-Za-z0-9_./+=-]{16,})`)
	xmlPassword = regexp.MustCompile(`(?i)(?:<password>\s*([^<{$\s][^<]*)</password>|` +
		`key="ClearTextPassword"\s+value="([^"]+)")`)
	phpPassword    = regexp.MustCompile(`define\(\s*['"]DB_PASSWORD['"]\s*,\s*['"]([^'"]+)['"]`)
	kubeCredential = regexp.MustCompile(`(?m)^\s*(?:client-key-data|token|password)\s*:\s*"?([^\s"]{8,})`)
	settingLine    = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*["']?([^\s"'#]+)`)
	placeholder    = regexp.MustCompile(`(?i)^(?:\$.*|<.*|\{.*|%.*|x+|\*+|\.+|change_?me.*|example.*|your[-_].*|` +
		`placeholder.*|secret|password|passwd|test|null|none|true|false|todo.*|dummy.*|redacted.*|[0-9]{1,5})$`)
	pemKey = regexp.MustCompile(`-----BEGIN ((?:[A-Z0-9]+ ){0,3})PRIVATE KEY(?: BLOCK)?-----`)
)

// valueOf reports whether a form is there with a value that is none of those that stand for one. At most 100 matches
// are looked at. The expressions are RE2 and run in linear time, whatever the file holds.
func valueOf(text string, form *regexp.Regexp) bool {
	for _, m := range form.FindAllStringSubmatch(text, 100) {
		for _, value := range m[1:] {
			if value != "" && !placeholder.MatchString(value) {
				return true
			}
		}
	}
	return false
}

// privateKey recognizes the private keys of PEM, OpenSSH and PuTTY, whatever the name of their file, and those within
// the account files of Google. "BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY" and "BEGIN PRIVATE KEY" (PKCS #8) are
// the common forms. RFC 1421 keys carry "Proc-Type: 4,ENCRYPTED" behind the first line.
func privateKey(p string, data []byte) secret {
	what := "a private key"
	if bytes.HasPrefix(data, []byte("PuTTY-User-Key-File-")) {
		if bytes.Contains(data, []byte("\nEncryption: none")) {
			return secret{what, inspect.Medium}
		}
		return secret{what + " that a password locks", inspect.Low}
	}
	m := pemKey.FindSubmatchIndex(data)
	if m == nil {
		return secret{}
	}
	kind, rest := string(data[m[2]:m[3]]), data[m[1]:]
	switch {
	case bytes.Contains(data[:m[0]], []byte(`"private_key"`)) && bytes.Contains(data, []byte(`"service_account"`)):
		return secret{"the key of a service account", inspect.Medium}
	case len(bytes.TrimSpace(rest)) < 40:
		return secret{} // a text about keys
	case strings.HasPrefix(kind, "PGP"):
		return secret{"a private key of OpenPGP", inspect.Medium}
	case strings.HasPrefix(kind, "ENCRYPTED"), bytes.Contains(rest[:min(len(rest), 200)], []byte("ENCRYPTED")),
		strings.HasPrefix(kind, "OPENSSH") && lockedOpenSSH(rest):
		return secret{what + " that a password locks", inspect.Low}
	case layer.Within(p, "/etc/ssh") && strings.HasPrefix(path.Base(p), "ssh_host_"):
		return secret{"the private key of an SSH server, which all containers of the image share", inspect.Low}
	}
	return secret{what, inspect.Medium}
}

// lockedOpenSSH reads the name of the cipher behind "openssh-key-v1\0" (OpenSSH's PROTOCOL.key). A body that cannot be
// decoded counts as not locked, which is the louder of the two. The first string after the magic is the cipher's name
// with a length of four bytes in front; "none" stands for no passphrase.
func lockedOpenSSH(body []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	head, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(line))[:len(bytes.TrimSpace(line))/4*4])
	cipher, ok := bytes.CutPrefix(head, []byte("openssh-key-v1\x00\x00\x00\x00"))
	return err == nil && ok && len(cipher) > 5 && !bytes.HasPrefix(cipher[1:], []byte("none"))
}

// registryLogin reports whether docker's configuration holds a login, and not only the name of a helper that keeps it.
// Both forms are read: {"auths":{"HOST":{"auth":"…"}}} of config.json, and {"HOST":{"auth":"…"}} of the older
// .dockercfg.
func registryLogin(data []byte) bool {
	type login struct {
		Auth, IdentityToken, RegistryToken, Password string
	}
	var c struct {
		Auths map[string]login `json:"auths"`
	}
	if json.Unmarshal(data, &c) != nil {
		return false
	}
	old := map[string]login{}
	if c.Auths == nil && json.Unmarshal(data, &old) == nil {
		c.Auths = old
	}
	for _, l := range c.Auths {
		if l.Auth != "" || l.IdentityToken != "" || l.RegistryToken != "" || l.Password != "" {
			return true
		}
	}
	return false
}

// settings names the settings of an environment file that sound like secrets and have a value. At most five names are
// given, never a value. Values shorter than six bytes are flags and ports.
func settings(text string) secret {
	var names []string
	for _, m := range settingLine.FindAllStringSubmatch(text, 1000) {
		if redact.Name(m[1]) && len(m[2]) >= 6 && !placeholder.MatchString(m[2]) && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	if len(names) == 0 {
		return secret{}
	}
	more := ""
	if len(names) > 5 {
		names, more = names[:5], " and more"
	}
	return secret{"values for " + strings.Join(names, ", ") + more, inspect.Low}
}
