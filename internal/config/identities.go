package config

// Identities says how a brand recognises its customers.
type Identities struct {
	// MaxPerKind bounds the identities of one kind that a customer may have; 10.
	MaxPerKind int `yaml:"max_per_kind"`
	// FoldPlus takes "anna+news@example.com" for "anna@example.com", FoldDots takes
	// "an.na@example.com" for it too. Mail hosts differ: off unless the brand knows.
	FoldPlus bool `yaml:"fold_plus"`
	FoldDots bool `yaml:"fold_dots"`
	// Blocked are identities that belong to nobody, such as the office telephone,
	// each as KIND:value (PHONE:+74951234567, EMAIL:info@example.com).
	Blocked []string `yaml:"blocked"`
}
