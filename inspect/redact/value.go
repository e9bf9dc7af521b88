package redact

import (
	"regexp"
	"strings"
	"sync"
)

// lazily compiles an expression when it is first used: many commands redact nothing, and should not wait for it.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Values that are no secrets, whatever they are called.
var (
	switchWord = lazily(`(?i)^(?:true|false|yes|no|on|off|none|null|nil|undefined|enabled?|disabled?|` +
		`auto|always|never|optional|required|default|empty|missing|invalid|expired|unset|set|-|\.\.\.|…)$`)
	reference = lazily(`^(?:\$[A-Za-z_(][A-Za-z0-9_)./ -]*|\$\{[^}]*\}|\$\([^)]*\)?|%[A-Za-z_]+%|` +
		`%\([a-z_]+\)s|\{\{.*|<[A-Za-z _-]*>|\*{3,}|[xX]{4,}|REDACTED.*|<redacted>.*|\[redacted\].*|\$\w+)$`)
	filePath  = lazily(`^(?:file://)?(?:~|\.{1,2})?/[A-Za-z0-9._@+/-]*$`)
	number    = lazily(`^[+-]?[0-9]+(?:\.[0-9]+)?(?:%|[munk]?s|m|h|d|[KMGT]i?B?|k|m)?$`)
	version   = lazily(`^v?[0-9]+(?:\.[0-9]+){1,3}(?:[-+~._][A-Za-z0-9][A-Za-z0-9.]{0,20})?$`)
	plainWord = lazily(`^(?i:trace|debug|info|notice|warn|warning|error|fatal|prod|production|dev|` +
		`development|stage|staging|test|testing|local|json|text|plain|tcp|udp|http|https|utf-8|c\.utf-8|` +
		`[a-z]{2}_[a-z]{2}\.utf-?8|utc|posix|root|nobody|linux|amd64|arm64|noninteractive)$`)
	address = lazily(`^(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?$|^(?:[A-Za-z0-9-]+\.)*(?:svc|` +
		`local|internal|localhost)(?::[0-9]{1,5})?$|^:[0-9]{2,5}$`)
)

// harmlessName matches the variables whose values decide what runs, or are public by their nature: search paths,
// options of interpreters, versions, locales. Their values stay, without what has the form of a secret.
// An attacker who sets LD_PRELOAD or NODE_OPTIONS starts something by them: removing these values would hide it.
var harmlessName = lazily(`^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|PWD|OLDPWD|HOSTNAME|TZ|LANG|LANGUAGE|` +
	`EDITOR|PAGER|ENV|IFS|PS[0-9]|PROMPT_COMMAND|CDPATH|MANPATH|INFOPATH|DISPLAY|TMPDIR|TEMP|TMP|UMASK|SHLVL|` +
	`ZDOTDIR|CLASSPATH|MALLOC_[A-Z_]+|GCONV_PATH|GLIBC_TUNABLES|LOCPATH|NLSPATH|RES_OPTIONS|HOSTALIASES|LC_[A-Z]+|` +
	`LD_[A-Z0-9_]+|DEBIAN_FRONTEND|CFLAGS|CXXFLAGS|LDFLAGS|CC|CXX|MAKEFLAGS|GPG_KEYS?|XDG_[A-Z_]+|SSL_CERT_[A-Z]+|` +
	`(?:BASH|PYTHON|PIP|CONDA|VIRTUAL_ENV|NODE|NPM_CONFIG|YARN|JAVA|JDK|_JAVA|MAVEN|GRADLE|CATALINA|RUBY|` +
	`RUBYOPT|RUBYLIB|BUNDLE|PERL|PERL5|PHP|PHPIZE|COMPOSER|RUSTUP|CARGO|DOTNET|ASPNETCORE|` +
	`COMPLUS|COMPlus|CORECLR|NUGET|ELIXIR|OPENSSL|NGINX|NJS|HTTPD|APACHE|TOMCAT|` +
	`KUBERNETES|NVIDIA|NCCL)[A-Z0-9_]*|(?i:https?|no|all|ftp)_(?i:proxy)|` +
	// Of short prefixes only what goes on with a line: R_HOME and not RCON.
	`(?:PY|LUA|GEM|RUST|CGO|ERL|MIX|R|JULIA|JVM|REDIS|GIT|SSH|OTEL|S6|TINI|OMP|CUDA|NV)(?:_[A-Z0-9_]*)?|` +
	`GO(?:PATH|ROOT|BIN|CACHE|MODCACHE|PROXY|FLAGS|OS|ARCH|ARM|AMD64|GC|MAXPROCS|MEMLIMIT|DEBUG|TOOLCHAIN|PRIVATE|` +
	`NOPROXY|NOSUMDB|SUMDB|EXPERIMENT|TRACEBACK|LANG_VERSION|TMPDIR|WORK|ENV|VCS)|` +
	`PG(?:DATA|HOST|HOSTADDR|PORT|USER|DATABASE|SSLMODE|SSLROOTCERT|APPNAME|OPTIONS|TZ|CLIENTENCODING)|` +
	`[A-Z0-9_]+_(?:VERSION|VER|RELEASE|HOME|DIR|DIRECTORY|PATH|ROOT|PORT|LEVEL|REGION|ZONE|LOCALE|ENABLED|TIMEOUT|` +
	`SHA256|SHA512|CHECKSUM|DIGEST|ARCH|PLATFORM|OPTS|OPTIONS|ARGS|FLAGS|PKG|PACKAGES|DEPS))$`)

// holdsLogins are names of the kinds above whose values hold logins all the same: the headers of an exporter
// (OTEL_EXPORTER_OTLP_HEADERS=api-key=…), and bundler's USER:PASSWORD for a host, whose dots are written as two lines
// (BUNDLE_GEMS__CONTRIBSYS__COM).
var holdsLogins = lazily(`_HEADERS$|^BUNDLE_[A-Z0-9_]*[A-Z0-9]__[A-Z0-9_]+$`)

// harmless reports whether a value is no secret even under the name of one.
func harmless(value string) bool {
	return value == "" || value == Mark || value == Withheld || switchWord().MatchString(value) ||
		reference().MatchString(value) || isPath(value)
}

// isPath reports whether a value is the path of a file without a part that could be a key: base64 has slashes too.
func isPath(value string) bool {
	if !filePath().MatchString(value) {
		return false
	}
	for part := range strings.SplitSeq(value, "/") {
		if randomLooking(part) {
			return false
		}
	}
	return true
}

// randomLooking reports whether a word is long and mixes letters and digits as generated secrets do. Digests written in
// hexadecimal digits are long too, and are everywhere in paths: 40, 64 and 128 digits do not count.
func randomLooking(w string) bool {
	if len(w) < 16 {
		return false
	}
	var upper, lower, digits, hex int
	for _, r := range w {
		switch {
		case r >= 'A' && r <= 'Z':
			upper++
		case r >= 'a' && r <= 'z':
			lower++
		case r >= '0' && r <= '9':
			digits++
		}
		if r >= 'a' && r <= 'f' || r >= '0' && r <= '9' {
			hex++
		}
	}
	if hex == len(w) && (len(w) == 40 || len(w) == 64 || len(w) == 128) {
		return false
	}
	return digits >= 2 && (upper >= 2 && lower >= 2 || digits >= 5 && upper+lower >= 5 && !strings.Contains(w, "-"))
}

// plain reports whether the value of any variable is a number, a switch, a path or another word that everybody uses.
func plain(value string) bool {
	return harmless(value) || number().MatchString(value) && len(value) <= 12 || version().MatchString(value) ||
		plainWord().MatchString(value) || address().MatchString(value)
}

// Env gives the value of an environment variable as it may be kept: whole where the name is known to be harmless or
// the value cannot be a secret, else the mark in its place.
func Env(name, value string) (string, []Secret) {
	switch {
	case harmless(value):
		return value, nil
	case Name(name) && !harmlessName().MatchString(name), Name(name) && !strings.HasPrefix(name, "GPG_KEY"):
		return Mark, []Secret{{"value of a secret name", value}}
	case harmlessName().MatchString(name) && !holdsLogins().MatchString(name):
		return Text(value)
	case plain(value):
		return value, nil
	}
	if _, found := Text(value); len(found) > 0 {
		return Mark, []Secret{{found[0].Kind, value}}
	}
	return Withheld, []Secret{{"value of an environment variable", value}}
}

// Environ does the same with an environment, NAME=VALUE in each string. The list that it is given stays as it is.
func Environ(env []string) (clean []string, secrets []Secret) {
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok {
			value, found := Env(name, value)
			e, secrets = name+"="+value, append(secrets, found...)
		}
		clean = append(clean, e)
	}
	return clean, secrets
}

// Named removes the secret that a label, an annotation or a field holds.
func Named(name, value string) (string, []Secret) {
	if Name(name) && !harmless(value) {
		return Mark, []Secret{{"value of a secret name", value}}
	}
	return Text(value)
}

// BuildStep removes the secrets of a build step as an image's history has it: those of an ENV instruction as of an
// environment, all others as of a command.
func BuildStep(step string) (string, []Secret) {
	at := strings.Index(step, "ENV ")
	if at < 0 || at > len("/bin/sh -c #(nop)  ") || strings.Contains(step[:at], "RUN") {
		return Text(step)
	}
	head, rest := step[:at+len("ENV ")], step[at+len("ENV "):]
	var secrets []Secret
	var b strings.Builder
	b.WriteString(head)
	end := 0
	for _, m := range envPair().FindAllStringSubmatchIndex(rest, -1) {
		value := rest[m[4]:m[5]]
		clean, found := Env(rest[m[2]:m[3]], strings.Trim(value, `"'`))
		if len(found) == 0 {
			clean = value
		}
		secrets = append(secrets, found...)
		b.WriteString(rest[end:m[4]] + clean)
		end = m[5]
	}
	b.WriteString(rest[end:])
	return b.String(), secrets
}

// envPair is NAME=VALUE of an ENV instruction. BuildKit writes a value with blanks without quotes: it ends where the
// next name begins, or at the end.
var envPair = lazily(`([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s"']*)`)
