package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

const (
	echo  = "/rapport.test.v1.Probe/Echo"
	ruled = "/rapport.test.v1.Probe/Ruled"
	watch = "/rapport.test.v1.Probe/Watch"
	push  = "/rapport.test.v1.Probe/Push"
)

// probe is a service of the test: what it does is what it is asked.
type probe struct {
	entered chan struct{} // a call is in flight
	release chan struct{} // lets it finish
	left    chan struct{} // a call was given up
	neighbour
}

type neighbour func(ctx context.Context) error

func newProbe() *probe {
	return &probe{entered: make(chan struct{}, 16), release: make(chan struct{}), left: make(chan struct{}, 16)}
}

func (p *probe) echo(ctx context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	switch in.GetValue() {
	case "panic":
		panic("secret of the panic")
	case "nil":
		return nil, nil
	case "secret":
		return nil, errors.New("secret of the error")
	case "refuse":
		return nil, fault.NotFound("SUBJECT_UNKNOWN", "store %q", "17")
	case "deadline":
		at, _ := ctx.Deadline()
		return wrapperspb.String(time.Until(at).Round(time.Second).String()), nil
	case "who":
		who := access.FromContext(ctx)
		if who == nil {
			return wrapperspb.String("nobody"), nil
		}
		return wrapperspb.String(who.Name), nil
	case "expire":
		<-ctx.Done()
		return nil, ctx.Err()
	case "wait":
		p.entered <- struct{}{}
		<-p.release
		if p.neighbour != nil {
			return in, p.neighbour(ctx)
		}
	case "hang":
		p.entered <- struct{}{}
		<-ctx.Done()
		p.left <- struct{}{}
		return nil, ctx.Err()
	}
	return in, nil
}

var ruledMessage = func() protoreflect.MessageDescriptor {
	options := &descriptorpb.FieldOptions{}
	proto.SetExtension(options, validate.E_Field, validate.FieldRules_builder{
		Int32: validate.Int32Rules_builder{Lte: new(int32(10))}.Build(),
	}.Build())
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("probe.proto"), Package: new("rapport.test.v1"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("Ask"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("score"), Number: new(int32(1)), Options: options, JsonName: new("score"),
			Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
	}, nil)
	if err != nil {
		panic(err)
	}
	return file.Messages().Get(0)
}()

func ask(score int32) *dynamicpb.Message {
	m := dynamicpb.NewMessage(ruledMessage)
	m.Set(ruledMessage.Fields().Get(0), protoreflect.ValueOfInt32(score))
	return m
}

func unaryMethod(name, full string, in func() proto.Message, run func(context.Context, any) (any, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, dec func(any) error, step grpc.UnaryServerInterceptor) (any, error) {
		m := in()
		if err := dec(m); err != nil {
			return nil, err
		}
		if step == nil {
			return run(ctx, m)
		}
		return step(ctx, m, &grpc.UnaryServerInfo{Server: srv, FullMethod: full}, run)
	}}
}

func (p *probe) register(r grpc.ServiceRegistrar) {
	r.RegisterService(&grpc.ServiceDesc{
		ServiceName: "rapport.test.v1.Probe",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			unaryMethod("Echo", echo, func() proto.Message { return new(wrapperspb.StringValue) },
				func(ctx context.Context, in any) (any, error) { return p.echo(ctx, in.(*wrapperspb.StringValue)) }),
			unaryMethod("Ruled", ruled, func() proto.Message { return dynamicpb.NewMessage(ruledMessage) },
				func(_ context.Context, in any) (any, error) { return in, nil }),
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "Watch", ServerStreams: true, Handler: p.watch},
			{StreamName: "Push", ClientStreams: true, Handler: p.push},
		},
	}, p)
}

// watch says one thing and then waits for more to say, for ever.
func (p *probe) watch(_ any, stream grpc.ServerStream) error {
	in := new(wrapperspb.StringValue)
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	if in.GetValue() == "panic" {
		panic("secret of the panic")
	}
	if err := stream.SendMsg(in); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// push counts what it is sent.
func (p *probe) push(_ any, stream grpc.ServerStream) error {
	p.entered <- struct{}{}
	for n := int64(0); ; n++ {
		err := stream.RecvMsg(dynamicpb.NewMessage(ruledMessage))
		if err != nil && err.Error() == "EOF" {
			return stream.SendMsg(wrapperspb.Int64(n))
		}
		if err != nil {
			return err
		}
	}
}

// running is a process under test, with its log.
type running struct {
	*App
	probe *probe
	tel   *telemetry.Telemetry
	out   *lockedBuffer
}

type lockedBuffer struct {
	mu      sync.Mutex
	text    bytes.Buffer
	discard atomic.Bool // benchmarks keep no lines
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	if b.discard.Load() {
		return len(p), nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// start runs a process on free ports. With a token it asks for it as if it
// listened beyond loopback.
func start(t testing.TB, token string, change func(*App, *Config, *Service)) *running {
	t.Helper()
	return startTold(t, token, change, nil)
}

// startTold is start with another tracer.
func startTold(t testing.TB, token string, change func(*App, *Config, *Service), tracer trace.TracerProvider) *running {
	t.Helper()
	cfg := Config{GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", MaxMessage: 4 << 20, MaxStreams: 1024, Deadline: 30 * time.Second, Grace: 10 * time.Second}
	out := &lockedBuffer{}
	tel, err := telemetry.New(context.Background(), telemetry.Config{}, "test", "v0", out)
	if err != nil {
		t.Fatal(err)
	}
	tel.Tracer = tracer
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	var auth access.Config
	if token != "" {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		auth.TokenFile = config.SecretFile(path)
	}
	guard, err := access.New(auth, brands, token == "")
	if err != nil {
		t.Fatal(err)
	}
	p := newProbe()
	service := Service{Name: "probe", Register: p.register}
	if change != nil {
		change(nil, &cfg, &service)
	}
	a, err := New(cfg, guard, tel)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(a, &cfg, &service)
	}
	a.Bind(service)
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
		tel.Close(context.Background())
	})
	return &running{App: a, probe: p, tel: tel, out: out}
}

// dial connects over TCP, as a stranger does.
func (r *running) dial(t testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(r.GRPCAddr().String(), append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// inside connects over memory, as a neighbour does.
func (r *running) inside(t testing.TB) *grpc.ClientConn {
	t.Helper()
	conn, err := r.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func say(conn *grpc.ClientConn, text string) (string, error) {
	out := new(wrapperspb.StringValue)
	err := conn.Invoke(context.Background(), echo, wrapperspb.String(text), out)
	return out.GetValue(), err
}

// lines stops the process and gives its log.
func (r *running) lines(t *testing.T) []map[string]any {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.tel.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for text := range bytes.Lines(r.out.text.Bytes()) {
		var line map[string]any
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if line["msg"] == "call" {
			all = append(all, line)
		}
	}
	return all
}

func newNothing(grpc.ServiceRegistrar) {}
