package tally

// Cell names one bucket of a histogram: the answers of one subject, channel,
// quarter hour, importance and score. Cells order by these in turn, so that all
// of a subject, and within it all of a channel, stand together.
type Cell uint64

// Whole stands for the brand itself: every answer counts in it once, also one
// that names no subject. The directory never gives this number out.
const Whole uint32 = 1<<32 - 1

const (
	importanceShift = 4
	quarterShift    = 8
	channelShift    = 15
	subjectShift    = 20
	cellBits        = subjectShift + 32

	maxChannel    = 1<<(subjectShift-channelShift) - 1
	maxQuarter    = 99
	maxHour       = 23
	maxImportance = 10
	maxScore      = 10
)

func cellOf(channel, quarter, importance, score uint8) Cell {
	return Cell(channel)<<channelShift | Cell(quarter)<<quarterShift |
		Cell(importance)<<importanceShift | Cell(score)
}

func firstOf(subject uint32) Cell { return Cell(subject) << subjectShift }

// Subject is the number of the subject.
func (c Cell) Subject() uint32 { return uint32(c >> subjectShift) }

// Channel is the number of the channel.
func (c Cell) Channel() uint8 { return uint8(c>>channelShift) & maxChannel }

// Quarter is the quarter hour of the answer; 0 in a histogram by day of experience.
func (c Cell) Quarter() uint8 { return uint8(c>>quarterShift) & 127 }

// Importance is 1 to 10, or 0 where none was asked.
func (c Cell) Importance() uint8 { return uint8(c>>importanceShift) & 15 }

// Score is 0 to 10.
func (c Cell) Score() uint8 { return uint8(c) & 15 }

// valid says that the cell is one an answer can count in.
func (c Cell) valid() bool {
	return c < 1<<cellBits && c.Quarter() <= maxQuarter &&
		c.Importance() <= maxImportance && c.Score() <= maxScore
}
