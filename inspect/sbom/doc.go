// Package sbom lists the packages of an image and compares them with those of the known-good.
//
// syft does the cataloguing. It reads through the index that package files made of the layers, so that nothing is
// pulled or unpacked a second time. SBOMs that came with the image are counted and never taken as proof.
package sbom
