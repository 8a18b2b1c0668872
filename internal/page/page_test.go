package page_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/page"
	"github.com/rapport-cx/rapport/internal/seal"
)

func TestTokenFitsItsListAlone(t *testing.T) {
	tokens, err := seal.New([]byte("0123456789abcdef0123456789abcdef"), "page/test")
	if err != nil {
		t.Fatal(err)
	}
	in := &journeyv1.ListJourneyRequest{Brand: "demo", CustomerId: 7, PageSize: 2}
	token, err := page.Token(tokens, in, 41)
	if err != nil {
		t.Fatal(err)
	}
	var at int
	next := proto.CloneOf(in)
	next.PageSize, next.PageToken = 9, token
	if err := page.Read(tokens, next, token, &at); err != nil || at != 41 {
		t.Fatalf("read %d, %v", at, err)
	}
	next.CustomerId = 8
	other := &journeyv1.ListMapsRequest{Brand: "demo", PageToken: token}
	for _, wrong := range []struct {
		in    proto.Message
		token string
	}{{next, token}, {other, token}, {in, token[1:]}, {in, "x"}} {
		if err := page.Read(tokens, wrong.in, wrong.token, &at); !fault.Is(err, commonv1.Reason_REASON_PAGE_TOKEN_INVALID) {
			t.Errorf("%v: %v", wrong.in, err)
		}
	}
	if err := page.Read(tokens, in, "", &at); err != nil || at != 41 {
		t.Errorf("no token: %d, %v", at, err)
	}
}

func TestSize(t *testing.T) {
	if page.Size(0, 50) != 50 || page.Size(3, 50) != 3 {
		t.Error("size")
	}
}
