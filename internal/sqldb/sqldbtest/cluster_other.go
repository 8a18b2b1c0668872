//go:build !unix

package sqldbtest

import "errors"

func start(bool) (string, error) {
	return "", errors.New("set RAPPORT_TEST_POSTGRES: no private server on this system")
}
