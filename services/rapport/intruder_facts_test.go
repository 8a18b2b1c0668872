package main

import (
	"context"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// bringing are RPCs that answer for each entry of a batch: TestBringing tries them.
var bringing = map[string]bool{"ImportResponses": true, "RecordEvents": true, "ImportEvents": true}

// bringer brings facts as one caller.
type bringer struct {
	*fortress
	ctx     context.Context
	survey  surveyv1.SurveyServiceClient
	journey journeyv1.JourneyServiceClient
}

func (f *fortress) bringer(claims jwt.MapClaims) *bringer {
	return &bringer{f, f.with(f.token(claims)), surveyv1.NewSurveyServiceClient(f.conn), journeyv1.NewJourneyServiceClient(f.conn)}
}

func rated(id string, score int32, at ...*commonv1.SubjectRef) *surveyv1.Response {
	return &surveyv1.Response{
		SurveyId: "visit", Subjects: at, Source: "till", ExternalId: id, Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_QR,
		Answers: []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: score}}},
	}
}

func (b *bringer) submit(r *surveyv1.Response) (string, codes.Code) {
	out, err := b.survey.SubmitResponse(b.ctx, &surveyv1.SubmitResponseRequest{Brand: "demo", Response: r})
	return out.GetId(), status.Code(err)
}

// imported is the code of one row, by each of the streams.
func (b *bringer) imported(r *surveyv1.Response) codes.Code {
	stream, err := b.survey.ImportResponses(b.ctx)
	b.ok(err)
	b.ok(stream.Send(&surveyv1.ImportResponsesRequest{Brand: "demo", Rows: []*surveyv1.ImportRow{{Line: 1, Response: r}}}))
	b.ok(stream.CloseSend())
	out, err := stream.Recv()
	b.ok(err)
	for _, one := range out.GetRejections() {
		return codes.Code(one.GetError().GetCode())
	}
	return codes.OK
}

func happened(id, note string, at ...*commonv1.SubjectRef) *journeyv1.Event {
	return &journeyv1.Event{Kind: "purchase", Subjects: at, OccurredAt: &timestamppb.Timestamp{Seconds: 1_760_000_000}, Source: "till", ExternalId: id, OrderId: note}
}

func (b *bringer) recorded(e *journeyv1.Event) codes.Code {
	out, err := b.journey.RecordEvents(b.ctx, &journeyv1.RecordEventsRequest{Brand: "demo", Events: []*journeyv1.Event{e}})
	b.ok(err)
	return codes.Code(out.GetResults()[0].GetError().GetCode())
}

func (b *bringer) importedEvent(e *journeyv1.Event) codes.Code {
	stream, err := b.journey.ImportEvents(b.ctx)
	b.ok(err)
	b.ok(stream.Send(&journeyv1.ImportEventsRequest{Brand: "demo", Rows: []*journeyv1.EventRow{{Line: 1, Event: e}}}))
	b.ok(stream.CloseSend())
	out, err := stream.Recv()
	b.ok(err)
	for _, one := range out.GetRejections() {
		return codes.Code(one.GetError().GetCode())
	}
	return codes.OK
}

// A caller who sees a part of the structure brings facts of that part, and of none
// other, and learns nothing from a key that is another's.
func TestBringing(t *testing.T) {
	f := newFortress(t)
	f.plant()
	whole, store := f.bringer(nil), f.bringer(jwt.MapClaims{"subjects": "STORE/2"})
	if _, code := whole.submit(rated("theirs", 3, storeRef("1"))); code != codes.OK {
		t.Fatal(code)
	}
	if code := whole.recorded(happened("theirs", "x", storeRef("1"))); code != codes.OK {
		t.Fatal(code)
	}
	places := map[string]struct {
		at   []*commonv1.SubjectRef
		want codes.Code
	}{
		"own":        {[]*commonv1.SubjectRef{storeRef("2")}, codes.OK},
		"other":      {[]*commonv1.SubjectRef{storeRef("1")}, codes.PermissionDenied},
		"both":       {[]*commonv1.SubjectRef{storeRef("2"), storeRef("1")}, codes.PermissionDenied},
		"none":       {nil, codes.PermissionDenied},
		"not there":  {[]*commonv1.SubjectRef{storeRef("none")}, codes.PermissionDenied},
		"the region": {[]*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "R"}}, codes.PermissionDenied},
	}
	for what, c := range places {
		if _, code := store.submit(rated("s-"+what, 5, c.at...)); code != c.want {
			t.Errorf("a response, %s: %s", what, code)
		}
		if code := store.imported(rated("i-"+what, 5, c.at...)); code != c.want {
			t.Errorf("a row, %s: %s", what, code)
		}
		if code := store.recorded(happened("s-"+what, "", c.at...)); code != c.want {
			t.Errorf("an event, %s: %s", what, code)
		}
		if code := store.importedEvent(happened("i-"+what, "", c.at...)); code != c.want {
			t.Errorf("an event's row, %s: %s", what, code)
		}
	}
	own := storeRef("2")
	if _, code := store.submit(rated("s-own", 5, own)); code != codes.OK {
		t.Errorf("a repeat: %s", code)
	}
	if _, code := store.submit(rated("s-own", 6, own)); code != codes.AlreadyExists {
		t.Errorf("another under one's own key: %s", code)
	}
	if _, code := store.submit(rated("theirs", 3, own)); code != codes.PermissionDenied {
		t.Errorf("another's key: %s", code)
	}
	if _, code := store.submit(rated("theirs", 99, own)); code != codes.PermissionDenied {
		t.Errorf("another's key, with what is not valid: %s", code)
	}
	if code := store.imported(rated("theirs", 3, own)); code != codes.PermissionDenied {
		t.Errorf("another's key in a row: %s", code)
	}
	if code := store.recorded(happened("theirs", "x", own)); code != codes.PermissionDenied {
		t.Errorf("another's event: %s", code)
	}
	store.amends(t, whole)
}

// amends changes and takes back what counts in the caller's part.
func (b *bringer) amends(t *testing.T, whole *bringer) {
	mine, _ := b.submit(rated("mine", 5, storeRef("2")))
	theirs, _ := whole.submit(rated("yours", 5, storeRef("1")))
	amend := func(id string, at *commonv1.SubjectRef) codes.Code {
		r := rated("", 6, at)
		r.Id, r.Source, r.ExternalId = id, "", ""
		_, err := b.survey.AmendResponse(b.ctx, &surveyv1.AmendResponseRequest{Brand: "demo", Response: r})
		return status.Code(err)
	}
	for what, c := range map[string]struct{ got, want codes.Code }{
		"amend one's own":      {amend(mine, storeRef("2")), codes.OK},
		"make it another's":    {amend(mine, storeRef("1")), codes.PermissionDenied},
		"make another's mine":  {amend(theirs, storeRef("2")), codes.PermissionDenied},
		"amend another's":      {amend(theirs, storeRef("1")), codes.PermissionDenied},
		"amend what is not":    {amend("999999", storeRef("2")), codes.PermissionDenied},
		"retract another's":    {b.retracted(theirs), codes.PermissionDenied},
		"retract what is not":  {b.retracted("999999"), codes.PermissionDenied},
		"retract one's own":    {b.retracted(mine), codes.OK},
		"the whole's retracts": {whole.retracted(theirs), codes.OK},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, not %s", what, c.got, c.want)
		}
	}
}

func (b *bringer) retracted(id string) codes.Code {
	_, err := b.survey.RetractResponse(b.ctx, &surveyv1.RetractResponseRequest{Brand: "demo", Id: id})
	return status.Code(err)
}
