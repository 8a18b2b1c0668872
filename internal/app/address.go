package app

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are those that stand before the HTTP port. What they say of a request is
// believed; what anybody else says of it is not.
type proxies []netip.Prefix

func parseProxies(texts []string) (proxies, error) {
	var out proxies
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			one, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, fmt.Errorf("--proxies: %w", err)
			}
			p = netip.PrefixFrom(one, one.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) has(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(of netip.Prefix) bool { return of.Contains(a.Unmap()) })
}

// via tells whether a proxy of ours sent the request.
func (p proxies) via(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && p.has(at.Addr())
}

// address is where a request came from, to be counted by: the last of those it passed
// that is no proxy of ours. Whoever has an IPv6 address has a network of them, so there it
// is the network.
func (p proxies) address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		return host
	}
	from := at.Addr().Unmap()
	passed := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(passed) - 1; i >= 0 && p.has(from); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(passed[i]))
		if err != nil {
			break
		}
		from = before.Unmap()
	}
	if from.Is6() {
		network, _ := from.WithZone("").Prefix(64) // it has 128 bits
		return network.String()
	}
	return from.String()
}

// encrypted tells whether the browser speaks TLS, to us or to a proxy of ours.
func (p proxies) encrypted(r *http.Request) bool {
	return r.TLS != nil || p.via(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
