// Package label words and colours what more than one screen of the terminal UI shows: outcomes, severities, images,
// digests, sizes and times, and the detail of an alert. The same thing looks the same everywhere.
package label
