// Package config fills plain structs from flags and from the environment, and
// reads the brands a process serves.
//
// A struct declares each setting once, by its tags:
//
//	// Listen is the address of the gRPC server.
//	Listen string `flag:"grpc" default:"127.0.0.1:9090" help:"address of the gRPC server"`
//
// The flag --grpc then has the environment name RAPPORT_GRPC, unless an env tag
// gives the name that the rest of the world uses. A flag on the
// command line wins over the environment, which wins over the default. A field
// without a flag tag is not a setting; a nested struct is walked.
package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Prefix begins the name of every environment variable that is ours.
const Prefix = "RAPPORT_"

// Set knows every setting of a program, over all of its commands: a variable
// meant for another command is no error.
type Set struct {
	environ map[string]string
	known   map[string]bool
	flags   map[*pflag.FlagSet][]setting
}

type setting struct{ flag, env string }

// New reads the environment, given as by os.Environ. Names in also are accepted
// beside those of bound settings, for variables that others read.
func New(environ []string, also ...string) *Set {
	s := &Set{
		environ: make(map[string]string),
		known:   make(map[string]bool),
		flags:   make(map[*pflag.FlagSet][]setting),
	}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			s.environ[name] = value
		}
	}
	for _, name := range also {
		s.known[name] = true
	}
	return s
}

// Bind declares a flag for every tagged field of the targets, which must be
// pointers to structs, and sets the defaults. A struct that is declared wrongly
// panics: it is a mistake in the program, seen at its first start.
func (s *Set) Bind(fs *pflag.FlagSet, targets ...any) {
	for _, target := range targets {
		v := reflect.ValueOf(target)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: bind %T: not a pointer to a struct", target))
		}
		s.bind(fs, v.Elem())
	}
}

func (s *Set) bind(fs *pflag.FlagSet, v reflect.Value) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		name, ok := field.Tag.Lookup("flag")
		if !ok {
			if field.Type.Kind() == reflect.Struct && field.IsExported() {
				s.bind(fs, value)
			}
			continue
		}
		env := EnvName(name)
		if given, ok := field.Tag.Lookup("env"); ok {
			env = given
		}
		help := field.Tag.Get("help")
		if help == "" {
			panic("config: --" + name + " has no help")
		}
		declare(fs, value.Addr().Interface(), name, field.Tag.Get("default"), help+" ($"+env+")")
		s.known[env] = true
		s.flags[fs] = append(s.flags[fs], setting{flag: name, env: env})
	}
}

// EnvName is the environment name of a flag.
func EnvName(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// declare adds one flag of the field's type. Text types (sizes, addresses) read
// and write themselves.
func declare(fs *pflag.FlagSet, p any, name, def, help string) {
	switch p := p.(type) {
	case *string:
		fs.StringVar(p, name, def, help)
	case *SecretFile:
		fs.StringVar((*string)(p), name, def, help)
	case *bool:
		fs.BoolVar(p, name, parsed(name, def, strconv.ParseBool), help)
	case *int:
		fs.IntVar(p, name, parsed(name, def, strconv.Atoi), help)
	case *int64:
		fs.Int64Var(p, name, parsed(name, def, parseInt64), help)
	case *float64:
		fs.Float64Var(p, name, parsed(name, def, parseFloat), help)
	case *time.Duration:
		fs.DurationVar(p, name, parsed(name, def, time.ParseDuration), help)
	case *[]string:
		var list []string
		if def != "" {
			list = strings.Split(def, ",")
		}
		fs.StringSliceVar(p, name, list, help)
	case encoding.TextUnmarshaler:
		if err := p.UnmarshalText([]byte(def)); err != nil && def != "" {
			panic(fmt.Sprintf("config: default of --%s: %v", name, err))
		}
		fs.TextVar(p, name, p.(encoding.TextMarshaler), help)
	default:
		panic(fmt.Sprintf("config: --%s: no flag can hold a %T", name, p))
	}
}

func parseInt64(s string) (int64, error)   { return strconv.ParseInt(s, 10, 64) }
func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// parsed reads a default; an empty one is the type's zero.
func parsed[T any](name, def string, parse func(string) (T, error)) T {
	var zero T
	if def == "" {
		return zero
	}
	v, err := parse(def)
	if err != nil {
		panic(fmt.Sprintf("config: default of --%s: %v", name, err))
	}
	return v
}

// Load lays the environment under the flags of fs, which are parsed already, and
// tells of every variable with our prefix that nobody reads: a misspelt setting
// must not silently be the default.
func (s *Set) Load(fs *pflag.FlagSet) error {
	var errs []error
	for _, one := range s.flags[fs] {
		value, ok := s.environ[one.env]
		if !ok || fs.Changed(one.flag) {
			continue
		}
		if err := fs.Set(one.flag, value); err != nil {
			// pflag's text repeats the value; a variable may hold a password.
			errs = append(errs, fmt.Errorf("%s: not a valid value for --%s", one.env, one.flag))
		}
	}
	for name := range s.environ {
		if s.known[name] || !strings.HasPrefix(name, Prefix) {
			continue
		}
		if near := nearest(name, s.known); near != "" {
			errs = append(errs, fmt.Errorf("%s is not a setting; did you mean %s?", name, near))
		} else {
			errs = append(errs, fmt.Errorf("%s is not a setting", name))
		}
	}
	// A map has no order; the same mistakes must read the same each time.
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
