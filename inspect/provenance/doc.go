// Package provenance reads what statements claim about how an image was made: SLSA v0.2 and v1 by any builder, whether
// they are signed (in-toto in DSSE) or claims that BuildKit put into the index. It compares them with what was
// expected, as slsa-verifier does, and with those of the known-good image.
//
// It verifies no signature itself: the signature check did, and a statement takes the status of its signature.
package provenance
