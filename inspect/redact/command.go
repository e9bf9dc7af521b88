package redact

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// word is a word of a command with its place in the text. Quotes are not part of it.
type word struct {
	text string
	at   int
}

// lineSpans finds the secrets on the command lines of a text, line by line.
// What is found are options and arguments; NAME=VALUE on a command line is found as an assignment.
func lineSpans(s string) []span {
	if !strings.ContainsAny(s, "-/") {
		return nil
	}
	var spans []span
	at := 0
	for line := range strings.Lines(s) {
		if len(line) < maxCommand {
			words := splitShell(line)
			spans = append(spans, shift(commandSpans(words), at)...)
			spans = append(spans, shift(quotedSpans(line, words), at)...)
		}
		at += len(line)
	}
	return spans
}

// quotedSpans finds the secrets of commands that are one word of a line: sh -c 'mysql -pSECRET'.
func quotedSpans(line string, words []word) []span {
	var spans []span
	for _, w := range words {
		quoted := w.at > 0 && (line[w.at-1] == '"' || line[w.at-1] == '\'')
		if quoted && strings.ContainsAny(w.text, " \t") {
			spans = append(spans, shift(commandSpans(splitShell(w.text)), w.at)...)
		}
	}
	return spans
}

// maxCommand bounds the lines that are read as commands, in bytes. The kernel's own bound of one argument is 128 KiB.
const maxCommand = 128 << 10

// splitList splits an argument list that was joined by wordBreak.
// The words of an argument list were split by whoever started the process: no quote in them means anything.
func splitList(joined string) []word {
	var words []word
	at := 0
	for text := range strings.SplitSeq(joined, wordBreak) {
		words = append(words, word{text, at})
		at += len(text) + len(wordBreak)
	}
	return words
}

// splitShell splits a line roughly as a shell does: at blanks outside of quotes, and at what separates commands, which
// become words of their own. It expands nothing.
// A backslash is a character like any other: to be split in one place too many costs nothing, since the words are only
// looked at.
func splitShell(line string) []word {
	var words []word
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case strings.IndexByte(" \t\r\n\f", c) >= 0:
			i++
		case strings.IndexByte(";|&(){}`", c) >= 0:
			words = append(words, word{";", i})
			i++
		case c == '"' || c == '\'':
			end := strings.IndexByte(line[i+1:], c)
			if end < 0 {
				end = len(line) - i - 1
			}
			words = append(words, word{line[i+1 : i+1+end], i + 1})
			i += end + 2
		default:
			end := i
			for end < len(line) && strings.IndexByte(" \t\r\n\f;|&`)", line[end]) < 0 {
				if q := line[end]; q == '"' || q == '\'' { // --password='a b' is one word
					closing := strings.IndexByte(line[end+1:], q)
					if closing < 0 {
						break
					}
					end += closing + 1
				}
				end++
			}
			end = max(end, i+1)
			words = append(words, word{line[i:end], i})
			i = end
		}
	}
	return words
}

// options are the short options of a program that take a password.
// The letters are those of the program's manual page: -p of mysql is a password, and -p of docker run is a port.
type options struct {
	next     []string // the password is the next word
	attached []string // it is the rest of the word: -pSECRET
	login    []string // the next word is USER:PASSWORD or USER%PASSWORD
	within   string   // the command of the program that they belong to; empty: all
}

// programs are the options of well-known programs, by name. Long options are found by their names.
// An entry without options is for a program whose arguments are never taken for another program's.
var programs = map[string]options{
	"mysql": {attached: []string{"-p"}}, "mysqldump": {attached: []string{"-p"}},
	"mysqladmin":  {attached: []string{"-p"}},
	"mysqlimport": {attached: []string{"-p"}}, "mysqlsh": {attached: []string{"-p"}},
	"mysqlbinlog": {attached: []string{"-p"}},
	"mariadb":     {attached: []string{"-p"}}, "mariadb-dump": {attached: []string{"-p"}},
	"mariadb-admin": {attached: []string{"-p"}},
	"sshpass":       {next: []string{"-p"}, attached: []string{"-p"}}, "redis-cli": {next: []string{"-a", "--pass"}},
	"valkey-cli": {next: []string{"-a", "--pass"}}, "curl": {
		login:    []string{"-u", "--user", "-U", "--proxy-user"},
		attached: nil,
	},
	"wget": {}, "http": {login: []string{"-a", "--auth"}}, "https": {login: []string{"-a", "--auth"}},
	"xh":    {login: []string{"-a"}},
	"mongo": {next: []string{"-p"}}, "mongosh": {next: []string{"-p"}}, "mongodump": {next: []string{"-p"}},
	"mongorestore": {next: []string{"-p"}}, "mongoexport": {next: []string{"-p"}},
	"mongoimport": {next: []string{"-p"}},
	"docker":      {next: []string{"-p"}, within: "login"}, "podman": {next: []string{"-p"}, within: "login"},
	"nerdctl": {next: []string{"-p"}, within: "login"},
	"buildah": {next: []string{"-p"}, within: "login"}, "skopeo": {next: []string{"-p"}, login: []string{
		"--creds",
		"--src-creds", "--dest-creds",
	}},
	"crane": {next: []string{"-p"}, within: "login"}, "oras": {next: []string{"-p"}, within: "login"},
	"helm": {next: []string{"-p"}, within: "login"}, "regctl": {next: []string{"-p"}, within: "login"},
	"crictl": {login: []string{"--creds"}}, "ctr": {login: []string{"-u", "--user"}}, "az": {
		next:   []string{"-p"},
		within: "login",
	},
	"ldapsearch": {next: []string{"-w"}, attached: []string{"-w"}}, "ldapadd": {next: []string{"-w"}},
	"ldapmodify": {next: []string{"-w"}},
	"ldapwhoami": {next: []string{"-w"}}, "ldappasswd": {next: []string{"-w", "-s", "-a"}},
	"smbclient": {login: []string{"-U"}},
	"rpcclient": {login: []string{"-U"}}, "net": {login: []string{"-U"}}, "ipmitool": {next: []string{"-P"}},
	"sqlcmd": {next: []string{"-P"}, attached: []string{"-P"}}, "bcp": {next: []string{"-P"}, attached: []string{"-P"}},
	"isql": {next: []string{"-P"}}, "unzip": {next: []string{"-P"}}, "zip": {next: []string{"-P"}},
	"7z":  {attached: []string{"-p"}},
	"7za": {attached: []string{"-p"}}, "rar": {attached: []string{"-p", "-hp"}}, "unrar": {attached: []string{"-p"}},
	"cqlsh": {next: []string{"-p"}}, "clickhouse-client": {}, "snmpwalk": {next: []string{"-A", "-X", "-c"}},
	"snmpget": {next: []string{"-A", "-X", "-c"}}, "mosquitto_pub": {next: []string{"-P"}},
	"mosquitto_sub": {next: []string{"-P"}},
	"lftp":          {login: []string{"-u"}}, "ncftpput": {next: []string{"-p"}}, "kinit": {},
	"evil-winrm":    {next: []string{"-p"}},
	"rabbitmqadmin": {next: []string{"-p"}}, "influx": {next: []string{"-t", "-p"}},
	"openssl": {next: []string{"-k", "-K", "-passin", "-passout", "-pass", "-password"}},
	"usermod": {next: []string{"-p"}}, "useradd": {next: []string{"-p"}},
	"keytool":   {next: []string{"-storepass", "-keypass"}},
	"jarsigner": {next: []string{"-storepass", "-keypass"}}, "htpasswd": {}, "twine": {next: []string{"-p"}},
	"ab": {login: []string{"-A"}}, "nmcli": {},
}

// wrappers are programs that run the command behind them, and the instructions of a build step that do.
var wrappers = []string{
	"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "sudo", "env", "exec", "nohup", "time", "timeout",
	"nice", "doas", "command", "xargs",
	"kubectl", "sh", "bash", "-c",
}

// commandSpans finds the secrets that are words of a command, or parts of them.
//
// What comes first decides: of "docker run mysql -p 80" the program is docker. Of words without a program, as an
// option in a sentence, only the names of options count.
func commandSpans(words []word) []span {
	var spans []span
	program, named, unknown := options{}, false, false
	add := func(w word, from int) {
		if from < len(w.text) && !harmless(strings.Trim(w.text[from:], `"'`)) {
			spans = append(spans, span{w.at + from, w.at + len(w.text), "secret on a command line"})
		}
	}
	for i, w := range words {
		next := word{}
		if i+1 < len(words) {
			next = words[i+1]
		}
		if w.text == ";" {
			program, named, unknown = options{}, false, false
			continue
		}
		// An alert writes command=mysql -pSECRET.
		if base := path.Base(w.text[strings.LastIndexByte(w.text, '=')+1:]); !strings.HasPrefix(w.text, "-") {
			if p, known := programs[base]; known && !named {
				program, named = p, true
				if p.within != "" && !holds(words[i+1:], p.within) {
					program = options{}
				}
				spans = append(spans, positional(base, words[i+1:])...)
			} else if i == 0 && isProgram(w.text) && !slices.Contains(wrappers, base) {
				named, unknown = true, true // the arguments of another program may be called like one
			}
			if unknown && strings.HasSuffix(w.text, ":") {
				named, unknown = false, false // a sentence that quotes a command: a build step runs: mysql …
			}
			continue
		}
		spans = append(spans, optionSpans(w, next, program, add)...)
	}
	return spans
}

// isProgram reports whether the first word of a line may be the program of a command: no assignment, and no time, date
// or bracket with which lines of logs begin.
// A line of a log that begins like a command only makes options be passed over that no program is known for.
func isProgram(word string) bool {
	return word != "" && !strings.ContainsAny(word, "=:[<") && (word[0] < '0' || word[0] > '9')
}

// holds reports whether a word stands in a command, up to its end.
func holds(words []word, text string) bool {
	for _, w := range words {
		if w.text == text || w.text == ";" {
			return w.text == text
		}
	}
	return false
}

// optionSpans finds the secret that an option takes: in the next word, attached to it, or as a part of a login.
// A next word that begins with a dash is another option, so that `--password --verbose` removes nothing.
func optionSpans(w, next word, program options, add func(w word, from int)) []span {
	name, _, assigned := strings.Cut(w.text, "=")
	isOption := strings.HasPrefix(next.text, "--") || next.text == ";" || next.text == "" || isSign(next.text)
	switch {
	case assigned && slices.Contains(program.login, name):
		return login(word{w.text[len(name)+1:], w.at + len(name) + 1})
	case assigned && Name(name):
		add(w, len(name)+1)
	case assigned:
	case slices.Contains(program.login, name):
		return login(next)
	case slices.Contains(program.next, name) && !isOption:
		add(next, 0)
	case strings.HasPrefix(name, "--") && Name(name) && !plural(name) && !isOption && !strings.HasPrefix(next.text,
		"-"):
		add(next, 0)
	case !strings.HasPrefix(name, "--") && len(name) > 3 && Name(name) && !plural(name) && !isOption &&
		!strings.HasPrefix(next.text, "-"):
		add(next, 0) // -password X, as Java's and Go's programs have it
	case slices.ContainsFunc(program.login, func(o string) bool {
		return len(o) == 2 && strings.HasPrefix(name, o) &&
			len(name) > 2
	}):
		return login(word{w.text[2:], w.at + 2})
	case !strings.HasPrefix(name, "--"):
		for _, o := range program.attached {
			if strings.HasPrefix(w.text, o) && len(w.text) > len(o) {
				add(w, len(o))
			}
		}
	}
	return nil
}

// loneName is a name of a setting or an option, with the sign behind it where that belongs to the word.
var loneName = regexp.MustCompile(`^-{0,2}([A-Za-z_][A-Za-z0-9_.-]*)(=|:|:=)?$`)

// isSign reports whether a word is nothing but the sign between a name and its value.
func isSign(word string) bool { return word == "=" || word == ":" || word == ":=" }

// splitSpans finds the values whose name stands in a word before: --password= X, DB_PASSWORD = X, Token: X.
// A shell or a person has put a blank where the program takes none; whoever reads the list sees the secret all the
// same.
func splitSpans(words []word) []span {
	var spans []span
	for i, w := range words {
		m := loneName.FindStringSubmatch(w.text)
		if m == nil || !Name(m[1]) {
			continue
		}
		sign, rest := m[2], words[i+1:]
		if sign == "" && len(rest) > 0 && isSign(rest[0].text) {
			sign, rest = rest[0].text, rest[1:]
		}
		if sign == "" || len(rest) == 0 || strings.HasPrefix(rest[0].text, "-") || harmless(rest[0].text) {
			continue
		}
		value := rest[0]
		sentence := value.text
		if len(rest) > 1 {
			sentence += " " + rest[1].text
		}
		isScheme := slices.Contains(schemes, strings.ToLower(value.text)) // the secret comes behind it, and has a form
		if isScheme || sign == ":" && inSentence(sentence, 0, len(value.text)) {
			continue
		}
		spans = append(spans, span{value.at, value.at + len(value.text), "value of a secret name"})
	}
	return spans
}

// plural reports whether an option is about several secrets, as a switch is: --pull-secrets.
func plural(name string) bool {
	return strings.HasSuffix(name, "secrets") || strings.HasSuffix(name, "tokens") || strings.HasSuffix(name,
		"credentials")
}

// loginParts is USER:PASSWORD or USER%PASSWORD.
var loginParts = regexp.MustCompile(`^["']?[^:%\s"']*[:%](.+?)["']?$`)

// login finds the password of a login.
// A login without a password, as of `curl -u ada`, has none to find: the program asks for it.
func login(w word) []span {
	m := loginParts.FindStringSubmatchIndex(w.text)
	if m == nil || harmless(w.text[m[2]:m[3]]) {
		return nil
	}
	return []span{{w.at + m[2], w.at + m[3], "secret on a command line"}}
}

// positional finds the password of a program that takes it as a plain argument: htpasswd -b FILE USER PASSWORD.
// The last plain argument is the password, with -n as without it (Apache's htpasswd).
func positional(program string, args []word) []span {
	var plain []word
	batch := false
	for _, a := range args {
		if a.text == ";" {
			break
		}
		if strings.HasPrefix(a.text, "-") {
			batch = batch || !strings.HasPrefix(a.text, "--") && strings.Contains(a.text, "b")
			continue
		}
		plain = append(plain, a)
	}
	if program != "htpasswd" || !batch || len(plain) < 2 {
		return nil
	}
	last := plain[len(plain)-1]
	return []span{{last.at, last.at + len(last.text), "secret on a command line"}}
}
