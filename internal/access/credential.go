package access

import "context"

// Credential shows the service token to a neighbour. It satisfies what gRPC asks
// of per-call credentials.
type Credential struct {
	metadata map[string]string
	secure   bool
}

// Credential is what this process shows to its neighbours; nil if it has no
// token. Secure refuses to show it over a connection without TLS.
func (g *Guard) Credential(secure bool) *Credential {
	if g.token == "" {
		return nil
	}
	// One map for all calls: gRPC reads it and never writes.
	return &Credential{metadata: map[string]string{"authorization": "Bearer " + g.token}, secure: secure}
}

// GetRequestMetadata is the header of one call.
func (c *Credential) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return c.metadata, nil
}

// RequireTransportSecurity tells whether TLS is a must.
func (c *Credential) RequireTransportSecurity() bool { return c.secure }
