package segmentation_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// export is everything about a person, a line each.
func export(t *testing.T, r *replica, id int64) ([]string, error) {
	t.Helper()
	stream, err := r.ExportCustomer(t.Context(), &segmentationv1.ExportCustomerRequest{Brand: brand, Id: id})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n"), nil
		}
		if err != nil {
			return nil, err
		}
		all.Write(piece.GetLines())
	}
}

// kinds names the lines of an export: service, kind, and what tells one from another.
func kinds(t *testing.T, lines []string) (all []string) {
	t.Helper()
	for _, line := range lines {
		var one struct {
			Service, Kind string
			Data          struct{ ID, ExternalID, Comment string }
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name := one.Data.ExternalID
		if one.Service == "segmentation" {
			name = one.Data.ID
		}
		all = append(all, strings.TrimSpace(fmt.Sprintln(one.Service, one.Kind, name)))
	}
	slices.Sort(all)
	return all
}

func customerRef(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

// asked publishes a survey whose low scores open cases.
func asked(t *testing.T, c surveyv1.SurveyServiceClient) {
	t.Helper()
	_, err := c.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: shop}}})
	if err == nil {
		_, err = c.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
			{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		}})
	}
	if err == nil {
		_, err = c.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{
			Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
				Questions: []*surveyv1.Question{{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"}},
				CaseRules: []*surveyv1.CaseRule{{Cause: "low", Queue: "store", Conditions: []*surveyv1.Condition{
					{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 6}}},
				}}},
			}}})
	}
	if err == nil {
		_, err = c.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

var shop = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}

// lived gives each of three customers a response with a case and an event.
func lived(t *testing.T, sc surveyv1.SurveyServiceClient, jc journeyv1.JourneyServiceClient) {
	t.Helper()
	asked(t, sc)
	for id := int64(1); id <= 3; id++ {
		_, err := sc.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, Response: &surveyv1.Response{
			Source: "mail", ExternalId: fmt.Sprint("r", id), SurveyId: "visit", Subjects: []*commonv1.SubjectRef{shop},
			Customer: customerRef(id), Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL,
			Answers: []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: 2}}}, AnsweredAt: timestamppb.New(start),
		}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := jc.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{
			Source: "till", ExternalId: fmt.Sprint("e", id), Kind: "visit", OccurredAt: timestamppb.New(start.Add(-time.Hour)),
			Actor: &journeyv1.Event_Customer{Customer: customerRef(id)}, Channel: commonv1.Channel_CHANNEL_STORE,
		}}})
		if err != nil || out.GetResults()[0].GetError() != nil {
			t.Fatal(err, out)
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		out, err := sc.ListCases(t.Context(), &surveyv1.ListCasesRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.GetCases()) == 3 {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("no cases")
		}
	}
}

func TestExport(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		sc, stopSurvey := newSurveyToStop(t, c)
		jc := newJourney(t, c)
		lc := newLoyalty(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Survey: sc, Journey: jc, Loyalty: lc})
		known(t, r)
		lived(t, sc, jc)
		gained(t, lc)
		want := []string{
			"journey event e1", "journey event e2", "loyalty entry", "loyalty entry", "segmentation customer 1", "segmentation customer 2",
			"survey case", "survey case", "survey response r1", "survey response r2",
		}
		for _, id := range []int64{1, 2} {
			lines, err := export(t, r, id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, kinds(t, lines)); diff != "" {
				t.Errorf("export of %d: %s", id, diff)
			}
			for _, part := range []string{`"one@example.com"`, `"+79051234567"`, `"family.children"`, `"bereavement"`} {
				if !strings.Contains(strings.Join(lines, "\n"), part) {
					t.Errorf("export of %d has no %s", id, part)
				}
			}
		}
		if _, err := export(t, r, 77); !fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
			t.Errorf("export of nobody: %v", err)
		}
		// Half an export would be taken for a whole one.
		stopSurvey()
		if lines, err := export(t, r, 1); err == nil {
			t.Errorf("exported without Survey: %q", lines)
		}
	})
}

// gained gives three customers a point.
func gained(t *testing.T, lc loyaltyv1.LoyaltyServiceClient) {
	t.Helper()
	_, err := lc.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{Id: "club"}})
	for id := int64(1); id <= 3 && err == nil; id++ {
		_, err = lc.Earn(t.Context(), &loyaltyv1.EarnRequest{
			Brand: brand, RequestId: fmt.Sprint("p", id), ProgrammeId: "club", Customer: customerRef(id), Points: 1,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Where Segmentation stands alone an export is what it has itself.
func TestExportAlone(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		known(t, r)
		erase(t, r, 3)
		lines, err := export(t, r, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1 || strings.Contains(lines[0], "other@example.com") || !strings.Contains(lines[0], `"erased":true`) {
			t.Errorf("export of the erased: %q", lines)
		}
	})
}
