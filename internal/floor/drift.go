package floor

// Drift is a stored number that is not the fold of its facts.
type Drift struct {
	// Day is the day it is about, YYYY-MM-DD.
	Day string `json:"day"`
	// Fold names what is counted and how: a metric, by the day of the experience
	// or of the answer, as a histogram or as rows.
	Fold string `json:"fold"`
	// Where it stands: memory, table or redis.
	Where string `json:"where"`
	// Seq is up to where it claims to be true.
	Seq int64 `json:"seq"`
	// Reason tells what is wrong.
	Reason string `json:"reason"`
}
