package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rapport-cx/rapport/internal/fault"
)

// refuse writes err as google.rpc.Status, with the reasons and fields it has over
// gRPC. Code is the HTTP status; 0: the one its kind has.
func refuse(w http.ResponseWriter, code int, err error) {
	s := outgoing(err)
	if code == 0 {
		code = runtime.HTTPStatusFromCode(s.Code())
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if code == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="Rapport"`)
	}
	if after := fault.From(err).RetryAfter; after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	w.WriteHeader(code)
	w.Write(append(statusJSON(err), '\n')) //nolint:errcheck // the caller left: nobody is there to be told
}

// statusJSON is err as every refusal is written.
func statusJSON(err error) []byte {
	p := outgoing(err).Proto()
	body, failed := protojson.Marshal(p)
	if failed != nil { // a detail of a type that this process does not know
		p.Details = nil
		body, _ = protojson.Marshal(p)
	}
	return body
}

// ofParser gives an error of the JSON parser the shape of every other refusal.
// The services' own always carry a reason.
func ofParser(err error, where string) error {
	e := fault.From(err)
	if runtime.HTTPStatusFromCode(e.Code) != http.StatusBadRequest || e.Reason != "" || len(e.Fields) > 0 {
		return err
	}
	return malformed(where, errors.New(e.Text))
}

// malformed says that a part of a request could not be read. The parser varies
// its spaces from build to build, lest somebody test for its texts.
func malformed(where string, err error) error {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return fault.Invalid().Field(where, "%s", strings.TrimPrefix(text, "proto: ")).Err()
}

// bodyFault tells a body that is too large from one that broke off.
func bodyFault(err error, limit int64) (int, error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge, tooLarge("the body", limit)
	}
	return 0, malformed("body", fmt.Errorf("could not be read whole"))
}

// tooLarge is refused whole: nothing of it was done, and a retry does not help.
func tooLarge(what string, limit int64) error {
	return fault.Exhausted("", 0, "%s is larger than %d bytes; nothing was done", what, limit)
}
