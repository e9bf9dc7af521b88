package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// form is how a kind of secret looks, wherever it stands.
// Forms are for secrets that no name stands before. Each costs a search in every line of every log, which is why needs
// come first and the expressions have no part that begins anywhere.
type form struct {
	kind string
	// needs are texts, in lower case, one of which a match contains: they are searched for first, since that is cheap.
	needs []string
	// looks matches the secret. With a group, the group is the secret.
	looks *regexp.Regexp
}

// newForm makes a form. needs are separated by blanks and in lower case.
func newForm(kind, needs, looks string) form {
	return form{kind, strings.Fields(needs), regexp.MustCompile(looks)}
}

// forms are the kinds of secrets that are known by their own looks. The prefixes of tokens are those that the services
// document for secret scanning.
var forms = sync.OnceValue(func() []form {
	var all []form
	all = append(all, keyForms()...)
	all = append(all, headerForms()...)
	all = append(all, urlForms()...)
	all = append(all, cloudForms()...)
	all = append(all, forgeForms()...)
	all = append(all, serviceForms()...)
	all = append(all, lineForms()...)
	return append(all, fileForms()...)
})

// keyForms are private keys: PEM (RFC 7468), OpenSSH, PuTTY, age, and PEM within base64 as a kubeconfig has it.
// A key that is cut off before its last line counts as well: most of its bytes are there.
func keyForms() []form {
	return []form{
		newForm("private key", "private",
			`-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`+
				`(?s:.*?)-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`),
		newForm("private key", "private", `-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\_-]*`),
		newForm("private key", "private-lines", `Private-Lines: \d+\s+([A-Za-z0-9+/=\s]+)`),
		newForm("private key", "age-secret-key", `AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20,}`),
		newForm("private key", "ls0tls1crudjti",
			`LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFUR|BQUklWQVRF|BFQyBQUklWQVRF|BPUEVOU1NI|BFTkNSWVBURUQg|BEU0EgUFJJVkFUR|`+
				`BQR1AgUFJJVkFUR)[A-Za-z0-9+/=]*`),
		newForm("private key", "b3blbnnzac1rzxktdje", `b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=\s]{20,}`),
		newForm("password hash", "$",
			`\$(?:1|2[abxy]|5|6|y|7|gy|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[A-Za-z0-9./$=,+_-]{12,}`),
	}
}

// headerForms are values of HTTP headers (RFC 9110, RFC 6750, RFC 7617).
// A scheme without digits behind it, such as "bearer token", is prose.
func headerForms() []form {
	return []form{
		newForm("authorization", "authorization",
			`(?i)\bauthorization["'\\]*[\s\f]*[:=,][\s\f]*["'\\]*(?:bearer|basic|token|digest|negotiate|apikey|`+
				`api-key|splunk|genie[a-z]*|aws4-hmac-sha256|ntlm|`+
				`key)[\s\f]+["'\\]*([^\s"'\\\f]{3,}(?:,\s*(?:Signature|SignedHeaders|response|nonce)=[^\s"'\\]+)*)`),
		newForm("authorization", "authorization",
			`(?i)\bauthorization["'\\]*\s*[:=]\s*["'\\]*([^\s"'\\\f]*[0-9][^\s"'\\\f]*)`),
		newForm("authorization", "bearer",
			`(?i)\bbearer[\s\f]+([A-Za-z0-9._~+/=-]*[0-9][A-Za-z0-9._~+/=-]{3,}|[A-Za-z0-9._~+/=-]{20,})`),
		newForm("authorization", "basic",
			`\b(?i:basic)[\s\f]+([A-Za-z0-9+/]{6,}={1,2}|[A-Za-z0-9+/]*[0-9][A-Za-z0-9+/]{7,})`),
		newForm("cookie", "cookie", `(?i)\b(?:set-)?cookie["'\\]*\s*[:=]\s*["'\\]*([A-Za-z0-9_.$-]+=[^"'\\\n\f]+)`),
		newForm("header with a secret", "x-",
			`(?i)\bx-[a-z0-9-]*(?:auth|token|key|secret|session|signature|credential|`+
				`password)[a-z0-9-]*["'\\]*\s*[:=]\s*["'\\]*([^\s"'\\\f]+)`),
		newForm("header with a secret", "token: key: secret:",
			`(?i)\b[a-z0-9-]+-(?:token|key|secret)["']?\s*:[ \f]*["']?([^\s"'\f]{6,})`),
	}
}

// urlForms are secrets within URLs and connection strings.
// What stands before the @ of a URL is its userinfo (RFC 3986, 3.2.1); a login without a colon counts from 16
// characters on, since a user's name is shorter.
func urlForms() []form {
	return []form{
		newForm("password in a URL", "://", `(?i)\b[a-z][a-z0-9+.-]*:\\?/\\?/[^\s/:@"'<>?#]*:([^\s/"'<>]+)@`),
		newForm("login in a URL", "://", `(?i)\b[a-z][a-z0-9+.-]*:\\?/\\?/([A-Za-z0-9_.~%+-]{16,})@`),
		newForm("password of a database", "@tcp( @unix( @udp(",
			`\b[A-Za-z0-9_.-]+:([^\s"'@]+(?:@[^\s"'@(]+)*)@(?:tcp|unix|udp)\(`),
		newForm("password of a database", "jdbc:oracle", `(?i)jdbc:oracle:[a-z0-9]+:[^/\s"']+/([^@\s"']+)@`),
		newForm("password of a database", "identified",
			`(?i)\bidentified[\s\f]+(?:with[\s\f]+\S+[\s\f]+)?by[\s\f]+(?:password[\s\f]+)?\\?["']([^"'\\]+)`),
		newForm("password of a database", "role user",
			`(?i)\b(?:alter|create)[\s\f]+(?:role|user)\b[^;\n]{1,120}?\bpassword[\s\f]+\\?'([^'\\]+)`),
		newForm("password of a database", "set",
			`(?i)\bset[\s\f]+password\b[^;\n]{0,80}?=[\s\f]*(?:password\()?\\?["']([^"'\\]+)`),
		newForm("secret in an encoded URL", "%3d",
			`(?i)(?:password|passwd|pwd|token|secret|api_?key)%3D([^\s&"'<>\\\f#]{3,})`),
		newForm("signed URL", "sig= signature= credential= key= code= token= auth= hmac=",
			`(?i)[?&;](?:sig|signature|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|`+
				`credential)|awsaccesskeyid|key|code|auth|hmac|sign|st|__token__|hdnea|[a-z0-9_.-]*(?:token|secret|`+
				`apikey|api_key|password|passwd|pwd))=([^&\s"'<>\\\f#]{3,})`),
		newForm("webhook", "hooks.slack",
			`(?i)hooks\.slack[a-z.-]*/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{6,})`),
		newForm("webhook", "/webhooks/",
			`(?i)discord[a-z]*\.[a-z]+/api/(?:v[0-9]+/)?webhooks/([0-9]+/[A-Za-z0-9_-]+)`),
		newForm("webhook", "webhook.office.com .logic.azure.com",
			`(?i)(?:webhook\.office\.com|logic\.azure\.com(?::443)?)/([^\s"'<>]+)`),
		newForm("webhook", "chat.googleapis.com hooks.zapier.com events.pagerduty.com/integration",
			`(?i)(?:chat\.googleapis\.com/v1/spaces|hooks\.zapier\.com/hooks/catch|`+
				`events\.pagerduty\.com/integration)/([^\s"'<>]+)`),
	}
}

// cloudForms are keys of clouds and of models that are paid for.
// The lengths are lower bounds, below those that the services issue today: a token that was cut off still counts.
func cloudForms() []form {
	return []form{
		newForm("access key of a cloud", "akia asia abia acca", `\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}\b`),
		newForm("key of a cloud", "aiza", `\bAIza[0-9A-Za-z_-]{30,}`),
		newForm("token of a cloud", "ya29.", `\bya29\.[0-9A-Za-z_.-]{10,}`),
		newForm("token of a cloud", "1//", `\b1//0[0-9A-Za-z_-]{20,}`),
		newForm("secret of a cloud", "gocspx-", `\bGOCSPX-[0-9A-Za-z_-]{10,}`),
		newForm("secret of a cloud", "q~", `\b[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{20,}`),
		newForm("token of a cloud", "_v1_", `\bdo[opr]_v1_[a-f0-9]{32,}`),
		newForm("access key of a cloud", "ltai", `\bLTAI[A-Za-z0-9]{12,30}\b`),
		newForm("access key of a cloud", "akid", `\bAKID[A-Za-z0-9]{28,}\b`),
		newForm("access key of a cloud", "scw", `\bSCW[A-Z0-9]{17}\b`),
		newForm("token of a cloud", "hrku- tskey- fo1_ pscale_ sbp_ dapi",
			`\b(?:HRKU-[A-Za-z0-9_-]{20,}|tskey-[a-z]+-[A-Za-z0-9_-]{8,}|fo1_[A-Za-z0-9_-]{20,}|pscale_(?:tkn|pw|`+
				`oauth)_[A-Za-z0-9_.-]{16,}|sbp_[a-f0-9]{40}|dapi[a-f0-9]{32})`),
		newForm("token of Vault", "hvs. hvb. hvr. atlasv1",
			`\b(?:hv[sbr]\.[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{20,})`),
		newForm("key of a model's service", "sk- hf_ r8_ gsk_ xai-",
			`\b(?:sk-(?:ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{18,}|hf_[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{30,}|`+
				`gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,})`),
	}
}

// forgeForms are tokens of code forges and package indexes, and JSON Web Tokens (RFC 7519), whose first part is a JSON
// object in base64url.
func forgeForms() []form {
	return []form{
		newForm("JSON Web Token", "eyj", `\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,4}`),
		newForm("token of GitHub", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
			`\b(?:gh[pousr]_[A-Za-z0-9_-]{8,}|github_pat_[A-Za-z0-9_-]{16,})`),
		newForm("token of GitLab", "gl",
			`\b(?:gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-|GR1348941)[A-Za-z0-9_.-]{10,}`),
		newForm("token of npm", "npm_", `\bnpm_[A-Za-z0-9]{20,}`),
		newForm("token of a package index", "pypi- rubygems_ cio oy2 dckr_",
			`\b(?:pypi-[A-Za-z0-9_-]{20,}|rubygems_[a-f0-9]{20,}|cio[A-Za-z0-9]{32}\b|oy2[a-z0-9]{43}\b|`+
				`dckr_(?:pat|oat)_[A-Za-z0-9_-]{10,})`),
		newForm("token of a build service", "bkua_ bkct_ ccipat_ ccipra_ atatt3 atctt3 atbb akcp cmvmdgtu nx",
			`\b(?:bk(?:ua|ct)_[A-Za-z0-9]{20,}|CCIP(?:AT|RA)_[A-Za-z0-9_]{16,}|AT(?:A|C)TT3[A-Za-z0-9_=-]{16,}|`+
				`ATBB[A-Za-z0-9]{28,}|AKCp[0-9A-Za-z]{40,}|cmVmdGtu[A-Za-z0-9+/=]{20,})`),
	}
}

// serviceForms are tokens of other services.
// A prefix of two letters takes a fixed length and alphabet with it, as of Twilio's SK and 32 hexadecimal digits.
func serviceForms() []form {
	return []form{
		newForm("token of Slack", "xox xapp-", `\b(?:xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{10,})`),
		newForm("key of Stripe", "_live_ _test_ whsec_",
			`\b(?:(?:sk|rk)_(?:live|test)_[0-9A-Za-z_-]{8,}|whsec_[A-Za-z0-9+/=_-]{10,})`),
		newForm("token of Sentry", "sntry", `\bsntry[su]_[A-Za-z0-9_+/=.-]{16,}`),
		newForm("token of a mail service", "sg. key- xkeysib- mg.",
			`\b(?:SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|key-[0-9a-f]{32}\b|xkeysib-[a-f0-9]{32,}[A-Za-z0-9-]*)`),
		// Telegram's stands in URLs behind the word bot: /bot110201543:AA…/sendMessage.
		newForm("token of a bot", ":aa", `(?:\b|\bbot)([0-9]{8,10}:AA[A-Za-z0-9_-]{30,})`),
		// Discord's begins with its user's number in base64, whose digits give these two letters.
		newForm("token of a bot", "md mt mj mz nd nt nj nz od ot",
			`\b[MNO][DTjz][A-Za-z0-9_-]{20,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}`),
		newForm("key of a telephone service", "sk", `\bSK[0-9a-f]{32}\b`),
		newForm("token of a monitoring service", "glsa_ glc_ nrak- nrii- dt0 pmak-",
			`\b(?:glsa_[A-Za-z0-9_]{20,}|glc_[A-Za-z0-9+/=]{20,}|NR(?:AK|II|JS|RA)-[A-Za-z0-9_-]{16,}|`+
				`dt0[a-z]\d{2}\.[A-Z0-9]{10,}\.[A-Z0-9]{20,}|PMAK-[A-Za-z0-9-]{20,})`),
		newForm("token of a shop", "shp sq0",
			`\b(?:shp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,})`),
		newForm("token of a service", "dp. lin_ ntn_ secret_ figd_ dop_ pul- tfp_ phc_ phx_ sgp_",
			`\b(?:dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{20,}|lin_(?:api|oauth)_[A-Za-z0-9]{20,}|`+
				`ntn_[A-Za-z0-9]{20,}|secret_[A-Za-z0-9]{30,}|figd_[A-Za-z0-9_-]{20,}|pul-[a-f0-9]{40}|`+
				`phx_[A-Za-z0-9]{30,}|sgp_[A-Za-z0-9_]{30,})`),
	}
}

// fileForms are lines of files that hold logins: docker's auths, .npmrc, .netrc, settings.xml, nuget.config.
func fileForms() []form {
	return []form{
		newForm("login of a registry", "auth", `"(?:auth|identitytoken|registrytoken)\\?"\s*:\s*\\?"([^"\\]{4,})`),
		newForm("login of a package index", "_auth _password",
			`(?m)(?:^|[\s:"'/])_(?:auth|authToken|password)["']?\s*=\s*["']?([^\s"']+)`),
		newForm("login in .netrc", "machine login",
			`(?i)\b(?:machine|login)\s+\S+\s+(?:login\s+\S+\s+)?password\s+(\S+)`),
		newForm("password in XML", "password> passphrase> privatekey> token> secret> apikey>",
			`(?i)<[a-z:._-]*(?:password|passphrase|privateKey|token|secret|apikey)>([^<\s$][^<]*)</`),
		newForm("password in XML", "value=",
			`(?i)(?:key|name)\s*=\s*["'][^"']*(?:password|secret|token|apikey)["']\s+value\s*=\s*["']([^"']+)["']`),
	}
}

// lineForms are commands and settings that take a secret as a plain word, which no option names.
func lineForms() []form {
	return []form{
		newForm("password of a database", "requirepass masterauth",
			// redis.conf
			`(?im)(?:^[ \t]*|\bconfig[ \t\f]+set[ \t\f]+|-)(?:requirepass|masterauth)[ \t\f]+["']?([^\s"'\f]+)`),
		newForm("password of a user", "chpasswd",
			`\b[A-Za-z0-9_.-]+:([^\s"'|]+)["']?\s*\|\s*(?:sudo\s+)?(?:\S*/)?chpasswd`),
		newForm("secret of a cloud", "secret_access_key session_token",
			`(?i)\b(?:aws_)?(?:secret_access_key|session_token)[ \t\f]+([A-Za-z0-9/+=]{16,})`), // aws configure set
		newForm("password of a database", "sqlplus rman expdp impdp sqlldr", // Oracle's USER/PASSWORD@DATABASE
			`\b(?:sqlplus|rman|expdp|impdp|sqlldr)\b[^\n;|]*?[\s\f][A-Za-z0-9_$#]+/([^\s@/"'\f]+)`),
		newForm("key of Vault", "unseal recovery", // what `vault operator init` prints, and what unseal takes
			`(?i)\b(?:unseal|recovery)[ \f]+(?:key(?:[ \f]+[0-9]+)?[ \f]*:[ \f]*)?([A-Za-z0-9+/=]{32,})`),
		newForm("cookie", "curl", `\bcurl\b[^\n;|]*?[\s\f](?:-b|--cookie)[\s\f=]+["']?([A-Za-z0-9_.$-]+=[^"'\n\f]+)`),
		newForm("secret on a command line", "alias config",
			`\bmc(?:li)?[ \f]+(?:alias[ \f]+set|config[ \f]+host[ \f]+add)[ \f]+\S+[ \f]+\S+[ \f]+\S+[ \f]+([^\s\f]+)`),
	}
}

// formSpans finds what looks like a secret.
// The result is in the order of the forms; replace sorts it.
func formSpans(s string) []span {
	var spans []span
	low := strings.ToLower(s)
	if len(low) != len(s) {
		low = s // a letter whose lower case has another length: offsets are not used, only the search is less sharp
	}
	for _, f := range forms() {
		if !f.possible(low) {
			continue
		}
		for _, m := range f.looks.FindAllStringSubmatchIndex(s, -1) {
			from, to := m[0], m[1]
			if len(m) > 3 && m[2] >= 0 {
				from, to = m[2], m[3]
			}
			spans = append(spans, span{from, to, f.kind})
		}
	}
	return slices.DeleteFunc(spans, func(p span) bool { return harmless(s[p.from:p.to]) })
}

// possible reports whether a text contains one of the texts without which the form cannot match.
func (f form) possible(low string) bool {
	for _, n := range f.needs {
		if strings.Contains(low, n) {
			return true
		}
	}
	return false
}
