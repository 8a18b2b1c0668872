package occasion

import (
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// Pauses between attempts.
const (
	firstPause   = 15 * time.Second
	longestPause = time.Hour
)

// Pause is how long to wait after so many attempts that failed. Chance, of [0, 1),
// moves it by a quarter to either side, so that what failed together does not come back
// together.
func Pause(attempts int, chance float64) time.Duration {
	pause := longestPause
	if n := max(attempts, 1) - 1; n < 10 {
		pause = min(firstPause<<n, longestPause)
	}
	return time.Duration(float64(pause) * (0.75 + chance/2))
}

// Patience is how long after it was due a report is worth being sent. The next quarter
// hour tells all that the one before did, the next day does not.
func (c Cadence) Patience() time.Duration {
	if c.GetEvery() == reportv1.Cadence_EVERY_QUARTER_HOUR {
		return time.Hour
	}
	return 72 * time.Hour
}
