package record

import "unsafe"

// text is the next string, without a copy: what was packed never changes.
func (r *reader) text() string {
	n := r.uint()
	if n == 0 {
		return ""
	}
	if n > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	s := unsafe.String(&r.b[0], int(n))
	r.b = r.b[n:]
	return s
}
