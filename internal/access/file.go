package access

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// file is access.yaml.
type file struct {
	Issuers []issuerConfig   `yaml:"issuers"`
	Roles   map[string]*role `yaml:"roles"`
	Revoked []revocation     `yaml:"revoked"`
}

// issuerConfig is one issuer of tokens.
type issuerConfig struct {
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
	// JWKS is where the issuer publishes its keys, Keys a file with the same content.
	JWKS string `yaml:"jwks"`
	Keys string `yaml:"keys"`
	// Claims are the names of the claims that we read.
	Claims claimNames `yaml:"claims"`
}

type claimNames struct {
	Roles    string `yaml:"roles"`
	Brands   string `yaml:"brands"`
	Subjects string `yaml:"subjects"`
}

var verbs = []Verb{Read, Detail, Submit, Amend, Define, Work}

// grains are the names of Finest.
var grains = map[string]commonv1.Grain{
	"":             commonv1.Grain_GRAIN_UNSPECIFIED,
	"quarter-hour": commonv1.Grain_GRAIN_QUARTER_HOUR,
	"hour":         commonv1.Grain_GRAIN_HOUR,
	"day":          commonv1.Grain_GRAIN_DAY,
	"week":         commonv1.Grain_GRAIN_WEEK,
	"month":        commonv1.Grain_GRAIN_MONTH,
}

// read reads access.yaml whole or not at all: a word that nobody knows would be a
// restriction that nobody keeps. Issuers that were there before keep their keys.
func (g *Guard) read(name string, before *policy) (*policy, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(f.Issuers) == 0 {
		return nil, fmt.Errorf("%s: issuers: none", name)
	}
	out := &policy{issuers: map[string]*issuer{}, roles: f.Roles, revoked: f.Revoked}
	for _, c := range f.Issuers {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("%s: issuer %q: %w", name, c.Issuer, err)
		}
		if out.issuers[c.Issuer] != nil {
			return nil, fmt.Errorf("%s: issuer %q stands twice", name, c.Issuer)
		}
		if out.issuers[c.Issuer], err = before.issuer(c); err != nil {
			return nil, fmt.Errorf("%s: issuer %q: %w", name, c.Issuer, err)
		}
	}
	for id, r := range f.Roles {
		if err := g.checkRole(r); err != nil {
			return nil, fmt.Errorf("%s: role %q: %w", name, id, err)
		}
	}
	for i := range f.Revoked {
		if err := f.Revoked[i].check(out.issuers); err != nil {
			return nil, fmt.Errorf("%s: revoked, entry %d: %w", name, i+1, err)
		}
	}
	return out, nil
}

// issuer is the one that was there before, if nothing of it has changed.
func (p *policy) issuer(c issuerConfig) (*issuer, error) {
	c = c.filled()
	if p != nil && p.issuers[c.Issuer] != nil && p.issuers[c.Issuer].issuerConfig == c {
		return p.issuers[c.Issuer], nil
	}
	return newIssuer(c)
}

func (c *issuerConfig) check() error {
	switch {
	case c.Issuer == "":
		return fmt.Errorf("issuer is missing")
	case c.Audience == "":
		return fmt.Errorf("audience is missing: a token for somebody else must not pass here")
	case (c.JWKS == "") == (c.Keys == ""):
		return fmt.Errorf("either jwks or keys is needed")
	case c.JWKS != "":
		return checkAddress(c.JWKS)
	}
	return nil
}

// checkAddress lets keys come over TLS only, or from this machine.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())) {
		return fmt.Errorf("jwks: %s: keys must come over https", address)
	}
	return nil
}

func (g *Guard) checkRole(r *role) (err error) {
	if r == nil || len(r.Brands) == 0 {
		return fmt.Errorf("brands: none")
	}
	for _, id := range r.Brands {
		if _, err := g.brands.Get(id); err != nil && id != everyBrand {
			return fmt.Errorf("brands: %w", err)
		}
	}
	if len(r.Subjects) > 0 && r.SubjectsFrom != "" {
		return fmt.Errorf("either subjects or subjects_from")
	}
	if r.tops, err = parseRefs(r.Subjects); err != nil {
		return fmt.Errorf("subjects: %w", err)
	}
	for s, allowed := range r.Sections {
		if !slices.Contains(sections, s) {
			return fmt.Errorf("sections: %q is none of %v", s, sections)
		}
		for _, v := range allowed {
			if !slices.Contains(verbs, v) {
				return fmt.Errorf("sections: %s: %q is none of %v", s, v, verbs)
			}
		}
	}
	for _, s := range r.Wide {
		if !slices.Contains(sections, s) {
			return fmt.Errorf("wide: %q is none of %v", s, sections)
		}
	}
	finest, ok := grains[r.Finest]
	if r.finest = finest; !ok {
		return fmt.Errorf("finest: %q is none of quarter-hour, hour, day, week, month", r.Finest)
	}
	for _, name := range r.Operations {
		if !slices.ContainsFunc(everyRule, func(known *Rule) bool { return known.name == name }) {
			return fmt.Errorf("operations: no RPC is named %q", name)
		}
	}
	return nil
}
