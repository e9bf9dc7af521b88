// Package redact removes secrets from what a case keeps: objects of a cluster, alerts, logs, command lines,
// environments, labels and build steps. It is the one place that decides what a secret is; nothing is stored before it.
//
// A secret is found by the name that it is given (password, DB_TOKEN, --api-key) or by its own form (a private key, a
// JSON Web Token, the token of a service, a password in a URL). Names stay readable, and so do values that cannot be
// secrets: switches, numbers, paths, references to other variables. A net has holes: whoever passes a bundle on reads
// it first.
package redact
