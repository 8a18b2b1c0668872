package gateway

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// refuseUnknownParameters makes a misspelt parameter of a URL an error. The stock
// parser drops it, and answers for all stores who meant to ask about one. The
// parser is one for the whole process, so it is set once.
var refuseUnknownParameters = sync.OnceFunc(func() {
	runtime.NewServeMux(runtime.SetQueryParameterParser(strict{}))
})

type strict struct{ stock runtime.DefaultQueryParser }

// Parse fills msg from the parameters of a URL.
func (p strict) Parse(msg proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if of := msg.ProtoReflect().Descriptor(); !known(of, key) {
			return fmt.Errorf("%s is not a field of %s", key, of.Name())
		}
	}
	return p.stock.Parse(msg, values, filter)
}

// known reports whether a path such as scope.labels[format] leads to a field.
func known(message protoreflect.MessageDescriptor, path string) bool {
	path, _, _ = strings.Cut(path, "[")
	for name := range strings.SplitSeq(path, ".") {
		if message == nil {
			return false
		}
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			field = message.Fields().ByJSONName(name)
		}
		if field == nil {
			return false
		}
		message = field.Message()
	}
	return true
}
