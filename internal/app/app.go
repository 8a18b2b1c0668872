// Package app is the one server every target starts: a gRPC listener, an HTTP
// listener and an in-memory one over which services of the same process talk,
// all behind the same steps. No handler repeats any of them:
//
//	recover → trace → log → access → deadline (unary) → validate → fault-to-status
//
// A process is a list of binds:
//
//	a, err := app.New(cfg, guard, tel)
//	a.Bind(survey.Bind(...))
//	conn, err := a.Dial()            // the others of this process, over gRPC
//	a.Handle("/", gateway.New(conn)) // on the HTTP port
//	err = a.Run(ctx)                 // until SIGTERM cancels ctx; then drains
package app

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Config is how a process is reached and how long it waits.
type Config struct {
	// GRPC is the address of the gRPC server; port 0 takes a free one, empty none.
	GRPC string `flag:"grpc" default:"127.0.0.1:9090" help:"address of the gRPC server; none if empty"`
	// HTTP is the address of the gateway, the page, /metrics and /healthz.
	HTTP string `flag:"http" default:"127.0.0.1:8080" help:"address of the HTTP server; none if empty"`
	// TLS is what is shown to callers and neighbours.
	TLS TLS
	// MaxMessage bounds a request. A larger one is refused whole.
	MaxMessage config.Bytes `flag:"max-message" default:"4MiB" help:"largest request"`
	// MaxStreams bounds the calls in flight on one connection; more wait.
	MaxStreams int `flag:"max-streams" default:"1024" help:"calls in flight on one connection"`
	// Deadline is given to unary calls that came with none.
	Deadline time.Duration `flag:"deadline" default:"30s" help:"deadline of calls that give none"`
	// Linger is how long a drain still accepts calls after health says NOT_SERVING,
	// for load balancers that look at it only now and then.
	Linger time.Duration `flag:"linger" default:"0s" help:"time between NOT_SERVING and refusing calls"`
	// Grace bounds how long a drain waits for calls in flight.
	Grace time.Duration `flag:"grace" default:"15s" help:"time for calls in flight to finish on shutdown"`
}

// Loopback reports whether only this machine reaches the process.
func (c Config) Loopback() bool { return loopback(c.GRPC) && loopback(c.HTTP) }

func loopback(address string) bool {
	if address == "" {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Service is one service of the process.
type Service struct {
	// Name is the service's own, such as survey. Health answers to it and to the
	// full names of the gRPC services that Register binds.
	Name string
	// Register binds the implementation. It is called once for each server of the
	// process, so it must only register.
	Register func(grpc.ServiceRegistrar)
	// Ready is asked every second and pings what the service cannot work without.
	// Nil: always ready.
	Ready func(context.Context) error
	// Close is called once no call is in flight. Nil: nothing to close.
	Close func(context.Context) error
}

// App is one process's servers.
type App struct {
	cfg    Config
	guard  *access.Guard
	tel    *telemetry.Telemetry
	steps  *steps
	health *health.Server
	checks []*check

	// outer serves the network and inner the process itself, so that a drain can
	// refuse new calls from outside while those in flight still reach neighbours.
	outer, inner *grpc.Server
	memory       *bufconn.Listener
	mux          *http.ServeMux
	public       *http.ServeMux
	crowded      func(http.ResponseWriter, *http.Request, time.Duration)
	sessions     *sessions
	web          *http.Server

	grpcAt, httpAt net.Listener
	failed         chan error
	stopChecks     context.CancelFunc
	checking       sync.WaitGroup
	telling        sync.Mutex
	stop           func() error
	pollEvery      time.Duration
}

// memorySize is how much one side of an in-memory connection may be ahead.
const memorySize = 256 << 10

// New makes the servers; nothing listens before Start.
func New(cfg Config, guard *access.Guard, tel *telemetry.Telemetry) (*App, error) {
	if err := cfg.TLS.check(); err != nil {
		return nil, err
	}
	s, err := newSteps(cfg, guard, tel)
	if err != nil {
		return nil, err
	}
	a := &App{
		cfg: cfg, guard: guard, tel: tel, steps: s,
		health:    health.NewServer(),
		memory:    bufconn.Listen(memorySize),
		mux:       http.NewServeMux(),
		public:    http.NewServeMux(),
		sessions:  &sessions{guard: guard, secure: cfg.TLS.served()},
		failed:    make(chan error, 3),
		pollEvery: time.Second,
	}
	a.stop = sync.OnceValue(a.drain)
	a.outer = grpc.NewServer(serverOptions(cfg, &door{steps: s, outside: true})...)
	a.inner = grpc.NewServer(serverOptions(cfg, &door{steps: s})...)
	a.bind(Service{Name: "", Register: a.registerOwn})
	a.mux.Handle("GET /metrics", tel.Metrics)
	a.mux.HandleFunc("GET /healthz", a.healthz)
	if guard.Signed() {
		a.public.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { a.sessions.form(w, r, http.StatusOK) })
		a.public.HandleFunc("POST /login", a.sessions.login)
		a.public.HandleFunc("POST /logout", a.sessions.logout)
	}
	a.web = a.newWeb()
	return a, nil
}

// registerOwn binds what every process serves. Reflection lists the services of
// the server it is bound to, of which the network's is the one people look at.
func (a *App) registerOwn(r grpc.ServiceRegistrar) {
	registerHealth(r, a.health)
	if s, ok := r.(reflection.GRPCServer); ok {
		reflection.Register(s)
	}
}

// Bind adds services. It must be called before Start.
func (a *App) Bind(services ...Service) {
	for _, s := range services {
		a.bind(s)
	}
}

func (a *App) bind(s Service) {
	names := []string{s.Name}
	s.Register(&registrar{Server: a.outer, methods: a.steps.methods, seen: func(name string) { names = append(names, name) }})
	s.Register(&registrar{Server: a.inner, methods: a.steps.methods, seen: func(string) {}})
	a.checks = append(a.checks, &check{service: s, names: names})
}

// registrar tells the full names of what is registered, and prepares its methods.
type registrar struct {
	*grpc.Server
	methods *methods
	seen    func(name string)
}

// RegisterService binds one gRPC service.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	r.seen(desc.ServiceName)
	r.methods.add(desc)
	r.Server.RegisterService(remembering(desc, func(method string) *repeats {
		return r.methods.get("/" + desc.ServiceName + "/" + method).repeats
	}), impl)
}

// Handle serves a pattern on the HTTP port. It must be called before Start.
func (a *App) Handle(pattern string, handler http.Handler) { a.mux.Handle(pattern, handler) }

// GRPCAddr is where the gRPC server listens; nil before Start or without one.
func (a *App) GRPCAddr() net.Addr { return addr(a.grpcAt) }

// HTTPAddr is where the HTTP server listens; nil before Start or without one.
func (a *App) HTTPAddr() net.Addr { return addr(a.httpAt) }

func addr(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}
