package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// plainTables are those of a ledger as one writes it without group commit: entries under
// their keys, accounts, lots.
var plainTables = []string{
	"CREATE TABLE IF NOT EXISTS entry (brand TEXT NOT NULL, key TEXT NOT NULL, customer BIGINT NOT NULL, points BIGINT NOT NULL, body BYTEA NOT NULL, PRIMARY KEY (brand, key))",
	"CREATE TABLE IF NOT EXISTS account (brand TEXT NOT NULL, customer BIGINT NOT NULL, available BIGINT NOT NULL, PRIMARY KEY (brand, customer))",
	"CREATE TABLE IF NOT EXISTS lot (brand TEXT NOT NULL, customer BIGINT NOT NULL, expires_at BIGINT NOT NULL, key TEXT NOT NULL, points BIGINT NOT NULL, PRIMARY KEY (brand, customer, expires_at, key))",
}

// servePlainPoints earns and spends in a transaction of its own per call. The row of the
// account is its lock.
func servePlainPoints(ctx context.Context) error {
	db, err := sqldb.Open(ctx, os.Getenv("BENCH_DB"))
	if err != nil {
		return err
	}
	for _, text := range plainTables {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, text); return err }); err != nil {
			return err
		}
	}
	return errors.Join(servePlain(ctx, func(ctx context.Context, ask string) error {
		n, who, _ := strings.Cut(ask, " ")
		call, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return err
		}
		customer, err := strconv.ParseInt(who, 10, 64)
		if err != nil {
			return err
		}
		return db.Write(ctx, func(tx *sqldb.Tx) error { return plainCall(ctx, tx, call, customer) })
	}), db.Close())
}

var plainBody = make([]byte, 200)

func plainCall(ctx context.Context, tx *sqldb.Tx, n, customer int64) error {
	points := int64(10)
	if n%2 == 1 {
		points = -10
	}
	_, err := tx.Exec(ctx, `INSERT INTO account (brand, customer, available) VALUES ('demo', $1, $2)
ON CONFLICT (brand, customer) DO UPDATE SET available = account.available + $2`, customer, points)
	if err != nil {
		return err
	}
	key := strconv.FormatInt(n, 10)
	if _, err := tx.Exec(ctx, "INSERT INTO entry (brand, key, customer, points, body) VALUES ('demo', $1, $2, $3, $4)", key, customer, points, plainBody); err != nil {
		return err
	}
	if points > 0 {
		_, err := tx.Exec(ctx, "INSERT INTO lot (brand, customer, expires_at, key, points) VALUES ('demo', $1, $2, $3, $4)", customer, n>>10, key, points)
		return err
	}
	var expires, left int64
	var lot string
	err = tx.QueryRow(ctx, "SELECT expires_at, key, points FROM lot WHERE brand = 'demo' AND customer = $1 ORDER BY expires_at, key LIMIT 1", customer).Scan(&expires, &lot, &left)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil // it is spent before it is earned: as much work
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM lot WHERE brand = 'demo' AND customer = $1 AND expires_at = $2 AND key = $3", customer, expires, lot)
	return err
}

// servePlain is servePeer for a call that says something.
func servePlain(ctx context.Context, do func(context.Context, string) error) error {
	return servePeer(ctx, func(ctx context.Context) error { return do(ctx, asked(ctx)) })
}

type askedKey struct{}

// asked is what a plain call said.
func asked(ctx context.Context) string {
	text, _ := ctx.Value(askedKey{}).(string)
	return text
}

// plainly makes plain calls.
func plainly(b *testing.B, name string, p *process, members int64, hot bool) *scenario {
	return &scenario{name: name, callers: 64, servers: []*process{p}, conns: p.dial(b, connections),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			return call(ctx, c, &wrapperspb.StringValue{Value: fmt.Sprintf("%d %d", n, pick(n, members, hot))}, &emptypb.Empty{})
		}}
}
