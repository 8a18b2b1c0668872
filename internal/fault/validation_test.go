package fault

import (
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/health/grpc_health_v1" // a service that is generated
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// withRule makes a message of one number that has the given rules.
func withRule(t *testing.T, name string, rules *validate.FieldRules) *dynamicpb.Message {
	t.Helper()
	options := &descriptorpb.FieldOptions{}
	proto.SetExtension(options, validate.E_Field, rules)
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new(name + ".proto"), Package: new("rapport.test.v1"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new(name), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("score"), Number: new(int32(1)), Options: options, JsonName: new("score"),
			Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(file.Messages().Get(0))
	m.Set(m.Descriptor().Fields().Get(0), protoreflect.ValueOfInt32(11))
	return m
}

func TestValidateNamesTheField(t *testing.T) {
	err := Validate(withRule(t, "Bound", validate.FieldRules_builder{Int32: validate.Int32Rules_builder{Lte: new(int32(10))}.Build()}.Build()))
	e := From(err)
	if e == nil || e.Code != codes.InvalidArgument || len(e.Fields) != 1 || e.Fields[0].Path != "score" {
		t.Errorf("got %+v", e)
	}
}

func TestARuleThatDoesNotCompileIsOurFault(t *testing.T) {
	err := Validate(withRule(t, "Broken", validate.FieldRules_builder{
		Cel: []*validate.Rule{validate.Rule_builder{Id: new("x"), Expression: new("nonsense(")}.Build()},
	}.Build()))
	if err == nil || Code(err) != codes.Internal {
		t.Errorf("got %v", err)
	}
}

func TestPrepareValidation(t *testing.T) {
	for _, service := range []string{"grpc.health.v1.Health", "not.generated.Service"} {
		if err := PrepareValidation(service); err != nil {
			t.Errorf("%s: %v", service, err)
		}
	}
}
