package autorun

// CheckAutoruns is the name of the check.
const CheckAutoruns = "autoruns"

// Kinds of rows.
const (
	KindPythonPth        = "python-pth"
	KindPythonSite       = "python-site"
	KindNpmScript        = "npm-script"
	KindNodeConfig       = "node-config"
	KindGem              = "gem"
	KindComposer         = "composer"
	KindPHP              = "php-prepend"
	KindJavaAgent        = "java-agent"
	KindJavaService      = "java-service"
	KindPythonEntry      = "python-entry-point"
	KindInterpreterEnv   = "interpreter-env"
	KindShellEnv         = "shell-env"
	KindLoader           = "loader"
	KindProfile          = "profile"
	KindCron             = "cron"
	KindUnit             = "unit"
	KindInit             = "init"
	KindPAM              = "pam"
	KindUdev             = "udev"
	KindKeys             = "authorized-keys"
	KindPackageHook      = "package-hook"
	KindMaintainerScript = "maintainer-script"
	KindEntrypointFolder = "entrypoint-folder"
	KindEntrypoint       = "entrypoint"
	KindHealthCheck      = "healthcheck"
)

// Codes of a row, beside the signs of package content.
const (
	codeNew       = "not-in-known-good"        // the previous or known-good image does not have it
	codeChanged   = "changed-since-known-good" // it has other code or another command there
	codeKnownGood = "known-good"               // a confirmed known-good has the same
	codeGained    = "gained"                   // its package was there before, without it
	codeRewritten = "same-version"             // its package has other content at the same version
	codeUnowned   = "unowned"                  // no package owns the file
	codeAltered   = "altered"                  // the file does not match its package
	codeTarget    = "unowned-target"           // what it loads is of no package
	codeMissing   = "missing-target"           // what it loads is not in the image
	codeHidden    = "hidden-target"            // what it starts is in a hidden place or where everybody may write
	codeOpens     = "lets-in"                  // it lets somebody in
	codeWrapped   = "wraps-original"           // a script in the place of the program that the other image starts
	codeAlerted   = "alerted"                  // an alert names the interpreter that runs it
)

// Codes of findings.
const (
	findingSigns   = "autorun-signs"   // does what a hook has no reason to do
	findingLoader  = "autorun-loader"  // takes a library of no package into every program
	findingAccess  = "autorun-access"  // lets somebody in
	findingChanged = "autorun-changed" // other content at the same version, or not what its package has
	findingWrapped = "entrypoint-wrapped"
	findingNew     = "autorun-new"
)
