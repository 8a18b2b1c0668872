package fault

import (
	"errors"
	"fmt"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// rules are compiled once for each message and shared by all who validate.
var rules = sync.OnceValues(func() (protovalidate.Validator, error) { return protovalidate.New() })

// Validate checks a message against the rules of its proto file. Every request is
// checked before its handler runs; a handler calls it only for items that must
// fail alone, whose field says IGNORE_ALWAYS for that reason.
func Validate(m proto.Message) error {
	v, err := rules()
	if err != nil {
		return fmt.Errorf("prepare validation: %w", err)
	}
	return v.Validate(m)
}

// PrepareValidation compiles the rules of all requests of a gRPC service, given
// by its full name, and tells of one that cannot be compiled. A service that is
// not generated from a proto file has none.
func PrepareValidation(service string) error {
	found, _ := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	s, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	for i := range s.Methods().Len() {
		input, err := protoregistry.GlobalTypes.FindMessageByName(s.Methods().Get(i).Input().FullName())
		if err != nil {
			return fmt.Errorf("prepare validation of %s: %w", service, err)
		}
		// An empty request breaks rules of course; only compilation counts here.
		var broken *protovalidate.CompilationError
		if err := Validate(input.New().Interface()); errors.As(err, &broken) {
			return fmt.Errorf("prepare validation of %s: %w", input.Descriptor().FullName(), err)
		}
	}
	return nil
}

// fromValidation turns the rules of a proto file that a message broke into the
// same refusal a handler would make.
func fromValidation(err error) (*Error, bool) {
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return nil, false
	}
	f := Invalid()
	for _, v := range broken.Violations {
		text := v.Proto.GetMessage()
		if text == "" {
			text = "breaks rule " + v.Proto.GetRuleId()
		}
		f.Field(protovalidate.FieldPathString(v.Proto.GetField()), "%s", text)
	}
	if f.Len() == 0 {
		f.Field("", "breaks a rule")
	}
	e, _ := typed(f.Err())
	return e, true
}
