package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Audited tells whether a read by this caller is recorded.
func (g *Guard) Audited(ctx context.Context) bool {
	if g.audit == nil {
		return false
	}
	c := callerOf(ctx)
	return c.rule != nil && c.rule.Personal && !(c.rule.Routine && c.who != nil && c.who.Service)
}

// Record records that somebody read of persons: who, by what RPC, of which brand and
// customers, with what outcome. Never what was read, nor by which identity it was asked.
func (g *Guard) Record(ctx context.Context, method, brand, code string, customers []int64) {
	who := "local"
	if p := callerOf(ctx).who; p != nil {
		who = p.Name
	}
	customers = append([]int64{}, customers...)
	slices.Sort(customers)
	g.audit.LogAttrs(ctx, slog.LevelInfo, "read", slog.String("who", who), slog.String("method", strings.TrimPrefix(method, "/")),
		slog.String("brand", brand), slog.String("code", code), slog.Any("customers", slices.Compact(customers)))
}

// MaxRecorded bounds the numbers of one record, but for a single list; no page has more.
const MaxRecorded = 10_000

// Persons collects the customer numbers that a message names.
func Persons(m proto.Message, into []int64) []int64 {
	if m == nil {
		return into
	}
	return collect(m.ProtoReflect(), into, 0)
}

// deep enough for a page of responses or an event of a stream.
const deep = 4

func collect(m protoreflect.Message, into []int64, depth int) []int64 {
	if depth > deep || !m.IsValid() {
		return into
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case len(into) >= MaxRecorded:
			return false
		case f.IsMap():
		case f.Kind() == protoreflect.Int64Kind && numbered(m.Descriptor(), f):
			into = numbers(f, v, into)
		case f.Kind() == protoreflect.MessageKind && f.IsList():
			for i := range v.List().Len() {
				into = collect(v.List().Get(i).Message(), into, depth+1)
			}
		case f.Kind() == protoreflect.MessageKind:
			into = collect(v.Message(), into, depth+1)
		}
		return true
	})
	return into
}

func numbers(f protoreflect.FieldDescriptor, v protoreflect.Value, into []int64) []int64 {
	if !f.IsList() {
		return append(into, v.Int())
	}
	for i := range v.List().Len() {
		into = append(into, v.List().Get(i).Int())
	}
	return into
}

// numbered tells whether a field holds numbers of customers.
func numbered(of protoreflect.MessageDescriptor, field protoreflect.FieldDescriptor) bool {
	switch field.Name() {
	case "customer_id":
		return true
	case "customer_ids", "customers", "ids", "sample_ids", "entered", "left":
		return field.IsList() // others are how many they are
	case "id":
		return of.Name() == "CustomerRef" || of.Name() == "Customer"
	}
	return false
}

// opaque are names that an issuer gives out; anything else might be an address or a
// telephone number, which must not stand in a log.
var opaque = regexp.MustCompile(`^[A-Za-z0-9_.:|-]{1,128}$`)

var telephone = regexp.MustCompile(`^[+0-9 ().-]{7,}$`)

// pseudonym is a subject of a token as logs name it: itself where it is opaque,
// otherwise a digest, by which the issuer can still tell who it was.
func pseudonym(subject string) string {
	if opaque.MatchString(subject) && !telephone.MatchString(subject) {
		return subject
	}
	sum := sha256.Sum256([]byte(subject))
	return "sha256:" + hex.EncodeToString(sum[:8])
}
