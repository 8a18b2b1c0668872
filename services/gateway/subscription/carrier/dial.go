package carrier

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// errPrivate is the refusal of an address that is not on the internet.
var errPrivate = errors.New("the address is not a public one")

// reserved are ranges that netip has no word for: they lead into networks of ours, or
// are translated into addresses that do.
var reserved = func() (out []netip.Prefix) {
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}()

// public tells whether an address is on the internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.Zone() != "" {
		return false
	}
	for _, r := range reserved {
		if r.Contains(ip) {
			return false
		}
	}
	return true
}

// dialer connects to public addresses only, unless all are allowed. It looks at the
// address that is connected to, after the name was resolved: a name that resolves to
// something else the second time gains nothing.
func dialer(private bool) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if private {
		return d
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return errPrivate
		}
		return nil
	}
	return d
}

// dialing tells that an error came before anything was sent.
func dialing(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	var distrusted *tls.CertificateVerificationError
	return errors.As(err, &name) || errors.As(err, &distrusted) || errors.As(err, &op) && op.Op == "dial"
}
