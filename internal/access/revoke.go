package access

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// revocation takes tokens back that would still be good: one by its id (jti), or all
// that somebody has.
type revocation struct {
	Token   string `yaml:"token"`
	Subject string `yaml:"subject"`
	// Issuer is whose token or subject that is; empty: any issuer's.
	Issuer string `yaml:"issuer"`
	// Before leaves those of the subject that were issued at it or later; zero: none.
	Before time.Time `yaml:"before"`
	// Why is for people who read the file.
	Why string `yaml:"why"`
}

func (r *revocation) check(issuers map[string]*issuer) error {
	switch {
	case (r.Token == "") == (r.Subject == ""):
		return errors.New("either token or subject is needed")
	case r.Token != "" && !r.Before.IsZero():
		return errors.New("before is for a subject")
	case r.Issuer != "" && issuers[r.Issuer] == nil:
		return fmt.Errorf("issuer %q is none of the file's", r.Issuer)
	}
	return nil
}

var errRevoked = errors.New("the token was taken back")

// takenBack refuses a token that was taken back. One that does not say when it was
// issued cannot be newer than anything.
func (p *policy) takenBack(issuer string, claims jwt.MapClaims) error {
	id, _ := claims["jti"].(string)
	subject, _ := claims.GetSubject()
	issued, err := claims.GetIssuedAt()
	if err != nil {
		return err
	}
	for _, r := range p.revoked {
		switch {
		case r.Issuer != "" && r.Issuer != issuer:
		case r.Token != "" && r.Token == id:
			return errRevoked
		case r.Subject != "" && r.Subject == subject && (r.Before.IsZero() || issued == nil || issued.Before(r.Before)):
			return errRevoked
		}
	}
	return nil
}
