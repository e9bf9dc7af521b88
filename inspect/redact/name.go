package redact

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are the words that make a name that of a secret, wherever in it they stand.
// Some are short (sk, pw, otp): names are split into words first, so that "skip" and "pwned" are none of them.
var secretWords = set(`password passwords passwd passphrase passwort passcode pwd pass pw psk
	secret secrets token tokens apikey apikeys accesskey secretkey privatekey signingkey encryptionkey
	accountkey sharedaccesskey authkey authtoken credential credentials cred creds bearer jwt dsn
	webhook webhooks cookie salt pat otp totp mnemonic connectionstring connstr auth authorization
	sessionid phpsessid jsessionid identitytoken registrytoken accesstoken refreshtoken clientsecret
	hmac sk`)

// benignEnds are last words by which a name is about a secret and not one: a lifetime, a file, the name of an object.
var benignEnds = set(`file files filename path paths dir directory folder name names ref
	refs reference url uri endpoint host hostname port type types kind mode method methods policy
	policies length size len count max min limit ttl expiry expires expire expiration seconds secs
	minutes hours days ms timeout interval age lifetime leeway enabled disabled enable required
	optional rotation algorithm alg algorithms format prefix suffix header headers field param store
	manager provider providers class version issuer audience scope scopes status error errors index env
	label labels parallelism rounds cost strategy backend driver plugin plugins server servers service
	realm namespace event events usage budget helper mount template check checks attempts retries`)

// openKeys are words before "key" by which it is the key of a table or one for everybody.
var openKeys = set(`public pub primary foreign sort partition cache gpg routing group index registry map label object
	lookup hot row message bucket topic event unique search host trust trusted apt repo release verification cosign
	sort order idempotency dedup grouping`)

// set is a set of the words of a text.
func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}

// Name reports whether a setting, variable, flag or field of this name likely holds a secret.
//
// Examples: DB_PASSWORD, apiKey, client_secret and sessionId are; passwordFile, tokenTTL, secretName and public_key
// are not. A name decides nothing on its own: the value may be a reference, a path or a switch (harmless).
func Name(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	before := ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	if benignEnds[last] && !(last == "url" || last == "uri" || last == "endpoint") {
		return false
	}
	if last == "id" {
		return before == "secret" || slices.Contains(words, "session") // Vault's secret_id is one half of a login
	}
	if slices.Contains([]string{"key", "keys"}, last) {
		return before != "" && !openKeys[before] || before == "" && len(words) > 1
	}
	for i, w := range words {
		switch {
		case !secretWords[w] && !(i > 0 && secretWords[words[i-1]+w]): // connectionString, Session-ID
		case benignEnds[last] && w != "webhook" && w != "dsn": // the address of a login is none itself
		case w == "sk" && i != len(words)-1, w == "auth" && i != len(words)-1 && !keyed(words[i+1:]):
		default:
			return true
		}
	}
	return slices.Contains(words, "key") && slices.Contains(words, "data") && slices.Contains(words, "client")
}

// keyed reports whether words go on to name a secret: AUTH_TOKEN and not AUTH_BASIC_REALM.
func keyed(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return secretWords[w] || w == "key" })
}

// wordsOf splits a name into its words in lower case, at everything that is no letter or digit and where its case
// changes: dbPassword, DBPassword, DB_PASSWORD and db.password have the same words.
// A number at the end of a word is dropped.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	runes := []rune(name)
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		if i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i-1]) &&
				unicode.IsLower(runes[i+1])) {
			end()
		}
		word = append(word, r)
	}
	end()
	for i, w := range words { // PASSWORD1, token2
		if cut := strings.TrimRight(w, "0123456789"); cut != "" {
			words[i] = cut
		}
		if base := trailing(words[i]); base != "" {
			words[i] = base
		}
	}
	return words
}

// trailing finds a secret word at the end of a word written without a separator: PGPASSWORD, dbpass, MYSQLPWD.
func trailing(w string) string {
	for _, s := range []string{"password", "passwd", "passphrase", "secret", "apikey", "token", "pwd", "privatekey"} {
		if strings.HasSuffix(w, s) {
			return s
		}
	}
	if strings.HasSuffix(w, "pass") && w != "bypass" && w != "compass" {
		return "pass"
	}
	return w
}
