package hot

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// Key names a slab.
type Key struct {
	Brand   string
	Measure string
	Day     int32 // days since 1970-01-01 of the brand's calendar
}

// Anchor is the place in the log up to which a value is true: the fact with
// this Seq, written by the commit with this random id. A log restored from a
// backup has other ids, so the reader must look whether its log has that id at
// that seq before it believes the value, and whether a later fact has touched
// the day.
type Anchor struct {
	Seq      int64
	CommitID int64
}

// Fingerprint is a digest of everything a result was made from.
type Fingerprint [32]byte

// slabKey gives no two slabs the same key. All days of one measure share a
// hash tag: in a Cluster they lie together, and measures are spread.
func (c *Cache) slabKey(k Key) string {
	b := make([]byte, 0, 96)
	b = append(b, "rapport:{"...)
	b = append(b, plain(c.opts.Service)...)
	b = append(b, '/')
	b = append(b, plain(k.Brand)...)
	b = append(b, '/')
	b = append(b, plain(k.Measure)...)
	b = append(b, "}:"...)
	b = strconv.AppendInt(b, int64(k.Day), 10)
	return string(b)
}

func (c *Cache) resultKey(brand string, f Fingerprint) string {
	b := make([]byte, 0, 96)
	b = append(b, "rapport:result/"...)
	b = append(b, plain(c.opts.Service)...)
	b = append(b, '/')
	b = append(b, plain(brand)...)
	b = append(b, '/')
	b = base64.RawURLEncoding.AppendEncode(b, f[:])
	return string(b)
}

// plain escapes what separates the parts of a key, and what an escape is made of.
func plain(s string) string {
	if strings.ContainsAny(s, "/{}:%+ ") {
		return url.QueryEscape(s)
	}
	return s
}
