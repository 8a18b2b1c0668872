package survey

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// difference names the first field in which two records differ, in the order
// of the contract; empty if they say the same. Seals differ each time, so that
// identities are compared by their hash.
func difference(a, b *surveyv1.ResponseRecord) string {
	if !bytes.Equal(a.GetIdentityHash(), b.GetIdentityHash()) {
		return "response.customer"
	}
	return firstDifference("response", a.GetResponse().ProtoReflect(), b.GetResponse().ProtoReflect())
}

func firstDifference(path string, a, b protoreflect.Message) string {
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
		if found := valueDifference(here, fd, a.Get(fd), b.Get(fd)); found != "" {
			return found
		}
	}
	return ""
}

func valueDifference(path string, fd protoreflect.FieldDescriptor, a, b protoreflect.Value) string {
	switch {
	case a.Equal(b):
		return ""
	case fd.IsList():
		return listDifference(path, fd, a.List(), b.List())
	case fd.IsMap() || fd.Message() == nil || isTime(fd):
		return path
	}
	return firstDifference(path, a.Message(), b.Message())
}

func listDifference(path string, fd protoreflect.FieldDescriptor, a, b protoreflect.List) string {
	for i := range min(a.Len(), b.Len()) {
		here := fmt.Sprintf("%s[%d]", path, i)
		if a.Get(i).Equal(b.Get(i)) {
			continue
		}
		if fd.Message() == nil {
			return here
		}
		if found := firstDifference(here, a.Get(i).Message(), b.Get(i).Message()); found != "" {
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
