package access

import "context"

// Credential shows a token to a neighbour. It satisfies what gRPC asks of per-call
// credentials.
type Credential struct {
	metadata map[string]string
	secure   bool
}

// Credential is what this process shows to its neighbours; nil if it has no token.
// Secure refuses to show it over a connection without TLS.
func (g *Guard) Credential(secure bool) *Credential {
	if g.token == "" {
		return nil
	}
	// One map for all calls: gRPC reads it and never writes.
	return &Credential{metadata: bearer(g.token), secure: secure}
}

func bearer(token string) map[string]string {
	return map[string]string{"authorization": "Bearer " + token}
}

type behalfKey struct{}

// OnBehalf lets the calls made with the context show the caller's own token, so that
// each neighbour checks it: whoever composes answers sees no more than its caller may.
// What a service asks for its own work it asks in its own name.
func OnBehalf(ctx context.Context) context.Context {
	who := FromContext(ctx)
	if who == nil || who.shown == "" {
		return ctx
	}
	return context.WithValue(ctx, behalfKey{}, who.headers())
}

// headers are what is shown on the principal's behalf.
func (p *Principal) headers() map[string]string {
	out := bearer(p.shown)
	if p.mandate != "" {
		out[MandateHeader] = p.mandate
	}
	return out
}

// GetRequestMetadata is the header of one call.
func (c *Credential) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if shown, ok := ctx.Value(behalfKey{}).(map[string]string); ok {
		return shown, nil
	}
	return c.metadata, nil
}

// RequireTransportSecurity tells whether TLS is a must.
func (c *Credential) RequireTransportSecurity() bool { return c.secure }
