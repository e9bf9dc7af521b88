package threshold

// Bounds of a file of thresholds: it is written by people.
const (
	// MaxBytes bounds the file.
	MaxBytes = 256 << 10
	// maxRules bounds the rules of all levels together, each of which is applied to each row.
	maxRules = 200
	// maxWaivers bounds the waivers.
	maxWaivers = 2000
	// maxItems bounds each list of a rule.
	maxItems = 200
	// maxText bounds each text, in bytes.
	maxText = 500
	// maxDays bounds a deadline: ten years.
	maxDays = 3653
)
