// Package differ names the first difference of two messages, for callers whose
// idempotency key came before with another body.
package differ

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// First names the first field in which two messages of one type differ, in the
// order of the contract and by its path from path on; empty if they say the same.
func First(path string, a, b proto.Message) string {
	return first(path, a.ProtoReflect(), b.ProtoReflect())
}

func first(path string, a, b protoreflect.Message) string {
	fields := a.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		here := path + "." + string(fd.Name())
		if a.Has(fd) != b.Has(fd) {
			return here
		}
		if !a.Has(fd) {
			continue
		}
		if found := ofValue(here, fd, a.Get(fd), b.Get(fd)); found != "" {
			return found
		}
	}
	return ""
}

func ofValue(path string, fd protoreflect.FieldDescriptor, a, b protoreflect.Value) string {
	switch {
	case a.Equal(b):
		return ""
	case fd.IsList():
		return ofList(path, fd, a.List(), b.List())
	case fd.IsMap() || fd.Message() == nil || isTime(fd):
		return path
	}
	return first(path, a.Message(), b.Message())
}

func ofList(path string, fd protoreflect.FieldDescriptor, a, b protoreflect.List) string {
	for i := range min(a.Len(), b.Len()) {
		here := fmt.Sprintf("%s[%d]", path, i)
		if a.Get(i).Equal(b.Get(i)) {
			continue
		}
		if fd.Message() == nil {
			return here
		}
		if found := first(here, a.Get(i).Message(), b.Get(i).Message()); found != "" {
			return found
		}
	}
	if a.Len() != b.Len() {
		return path
	}
	return ""
}

// isTime tells a timestamp, which is one value to a caller.
func isTime(fd protoreflect.FieldDescriptor) bool {
	return fd.Message().FullName() == "google.protobuf.Timestamp"
}
