// Package carrier takes reports to where they go: letters to a mail server by SMTP,
// documents to a program by signed webhook. It tells what became of it: taken, refused
// for good, to be tried again, or in doubt.
package carrier

import "errors"

// Failure is a delivery that was not taken, as far as we know.
type Failure struct {
	// Permanent: trying again will not help.
	Permanent bool
	// Gone: there is no such recipient, and no later delivery will be taken either.
	Gone bool
	// Doubt: it may have been taken; the answer never came.
	Doubt bool
	// Text says why, for people. It names neither the recipient nor a secret.
	Text string
}

// Error is the text.
func (f *Failure) Error() string { return f.Text }

// FailureOf finds what is known of a failure; of what is not known it may be tried again.
func FailureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Text: err.Error()}
}

// longestText bounds what is kept of an answer.
const longestText = 300

// printable is the answer of a stranger as one line without control characters.
func printable(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		if out = append(out, r); len(out) == longestText {
			break
		}
	}
	return string(out)
}
