// Package viewer is the screen that shows bytes: a file of a layer, a kept blob, or the object behind a row; as text,
// as hex, or by its ELF headers. All bytes may be an attacker's: they are read up to a bound, cleaned, and never run.
package viewer
