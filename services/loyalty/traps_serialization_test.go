package loyalty_test

import (
	"context"
	"fmt"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// hiccups lets the database refuse half of all changes of accounts, as it does where
// transactions run into each other.
var hiccups = []string{`CREATE FUNCTION hiccup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF random() < 0.5 THEN
		RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
	END IF;
	RETURN NEW;
END $$`, "CREATE TRIGGER hiccup BEFORE INSERT OR UPDATE ON account FOR EACH ROW EXECUTE FUNCTION hiccup()"}

// What the database could not do says nothing of points: whoever asks again gets them,
// and only who has none is told so, under whatever keys.
func TestTrapSerializationErrorIsNotInsufficient(t *testing.T) {
	url := sqldbtest.Postgres(t)
	c := &clock{now: start}
	r := newReplica(t, url, c.Now, loyalty.Neighbours{})
	programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12})
	earned(t, r, "e", 1, 100, "o")
	for _, statement := range hiccups {
		err := sqldbtest.Open(t, url).Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), statement); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	again := 0
	for i := range 20 {
		key := fmt.Sprint("r", i)
		for tries := 0; ; tries++ {
			_, err := redeem(t, r, key, 1, 5, "o")
			if err == nil {
				break
			}
			if again++; !fault.Retryable(err) || fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) || tries > 50 {
				t.Fatal(err)
			}
		}
	}
	if _, err := redeem(t, r, "over", 1, 5, "o"); !fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) {
		t.Error("of nothing:", err)
	}
	got, err := r.GetBalance(context.WithoutCancel(t.Context()), &loyaltyv1.GetBalanceRequest{Brand: brand, ProgrammeId: club, Customer: number(1)})
	if err != nil || got.GetBalance().GetAvailable() != 0 {
		t.Error(got, err)
	}
	t.Logf("asked again %d times", again)
	verify(t, r)
}
