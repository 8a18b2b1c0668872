package hot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// parseAddress reads
//
//	redis://[user:password@]host[:port][,host[:port]…][/db][?master=NAME][&cluster=true]
//
// (rediss for TLS, unix:///path for a socket). Several hosts, or cluster=true,
// are a Cluster; with master they are Sentinels that know a master by that
// name, and sentinel_username and sentinel_password are for them.
func parseAddress(address string) (*redis.UniversalOptions, error) {
	first, hosts := splitHosts(address)
	u, err := url.Parse(first)
	if err != nil {
		return nil, errAddress(err)
	}
	query := u.Query()
	master, cluster := query.Get("master"), query.Get("cluster") == "true"
	query.Del("master")
	query.Del("cluster")
	sentinelUser, sentinelPassword := query.Get("sentinel_username"), query.Get("sentinel_password")
	query.Del("sentinel_username")
	query.Del("sentinel_password")
	u.RawQuery = query.Encode()
	single, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errAddress(err)
	}
	o := &redis.UniversalOptions{
		Addrs: []string{single.Addr}, DB: single.DB, Protocol: single.Protocol,
		Username: single.Username, Password: single.Password, TLSConfig: single.TLSConfig,
		DialTimeout: single.DialTimeout, PoolSize: single.PoolSize, MinIdleConns: single.MinIdleConns,
		SentinelUsername: sentinelUser, SentinelPassword: sentinelPassword,
		MasterName: master, IsClusterMode: master == "" && (cluster || len(hosts) > 1),
	}
	if len(hosts) > 1 {
		o.Addrs = hosts
	}
	if single.Network == "unix" {
		o.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: single.DialTimeout}).DialContext(ctx, "unix", single.Addr)
		}
	}
	if o.IsClusterMode && o.TLSConfig != nil {
		// Each node has a name of its own; go-redis fills it in when it dials.
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.TLSConfig.InsecureSkipVerify}
	}
	return o, nil
}

// errAddress hides the address, which may hold a password, that net/url and
// go-redis like to repeat.
func errAddress(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("redis: address: %w", err)
}

// splitHosts takes a list of hosts apart, which net/url refuses, and gives the
// address with the first host alone.
func splitHosts(address string) (first string, hosts []string) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, nil
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	user := ""
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, authority = authority[:i+1], authority[i+1:]
	}
	for _, host := range strings.Split(authority, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "6379")
		}
		hosts = append(hosts, host)
	}
	if len(hosts) == 1 {
		return address, hosts
	}
	return scheme + "://" + user + hosts[0] + path, hosts
}

// tune makes the client one that gives up early: a read that failed is a miss,
// and trying again is the breaker's business.
func tune(o *redis.UniversalOptions, opts Options) {
	o.ContextTimeoutEnabled = true // reads shorten it by their context
	o.ReadTimeout, o.WriteTimeout = opts.WriteTimeout, opts.WriteTimeout
	if o.DialTimeout == 0 {
		o.DialTimeout = opts.WriteTimeout
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.Protocol = 2 // nothing is pushed to us
	o.DisableIdentity = true
	o.PipelinePoolSize = -1
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
