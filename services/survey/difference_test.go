package survey

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func kept() *surveyv1.ResponseRecord {
	return &surveyv1.ResponseRecord{
		SealedIdentity: []byte("a seal"), IdentityHash: []byte("a hash"),
		Response: &surveyv1.Response{
			SurveyId: "visit", SurveyVersion: 2, Source: "market", ExternalId: "1",
			Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}, {Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s2"}},
			Answers: []*surveyv1.Answer{
				{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: 0}},
				{QuestionId: "kind", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: []string{"a", "b"}}}},
				{QuestionId: "queue", Value: &surveyv1.Answer_Score{Score: 4}, Importance: proto.Int32(7)},
			},
			AnsweredAt: &timestamppb.Timestamp{Seconds: 9, Nanos: 5},
			Facets:     map[string]string{"order.late": "yes"},
		},
	}
}

func TestDifference(t *testing.T) {
	for _, tt := range []struct {
		want   string
		change func(rec *surveyv1.ResponseRecord, r *surveyv1.Response)
	}{
		{"", func(*surveyv1.ResponseRecord, *surveyv1.Response) {}},
		// No two seals are alike.
		{"", func(rec *surveyv1.ResponseRecord, _ *surveyv1.Response) { rec.SealedIdentity = []byte("another") }},
		{"", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) {
			r.Facets = map[string]string{"order.late": "yes"}
		}},
		{"response.customer", func(rec *surveyv1.ResponseRecord, _ *surveyv1.Response) { rec.IdentityHash = nil }},
		// The same identity, resolved by now.
		{"", func(rec *surveyv1.ResponseRecord, r *surveyv1.Response) {
			rec.SealedIdentity = nil
			r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 7}}
		}},
		{"response.customer", func(rec *surveyv1.ResponseRecord, r *surveyv1.Response) {
			rec.SealedIdentity, rec.IdentityHash = nil, nil
			r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 7}}
		}},
		{"response.survey_id", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.SurveyId = "other" }},
		{"response.survey_version", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.SurveyVersion = 0 }},
		{"response.subjects[1].id", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Subjects[1].Id = "s3" }},
		{"response.subjects", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Subjects = r.GetSubjects()[:1] }},
		{"response.subjects", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Subjects = nil }},
		{"response.answers[0].score", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) {
			r.Answers[0].Value = &surveyv1.Answer_Score{Score: 1}
		}},
		// A skipped answer is not a zero.
		{"response.answers[0].score", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Answers[0].Value = nil }},
		{"response.answers[1].choice.option_ids[1]", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) {
			r.Answers[1].GetChoice().OptionIds[1] = "c"
		}},
		{"response.answers[2].importance", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Answers[2].Importance = proto.Int32(8) }},
		// A time is one value to a caller: not its nanos.
		{"response.answered_at", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.AnsweredAt.Nanos++ }},
		{"response.experienced_at", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.ExperiencedAt = r.GetAnsweredAt() }},
		{"response.facets", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) { r.Facets["order.late"] = "no" }},
		// The first one, in the order of the contract.
		{"response.channel", func(_ *surveyv1.ResponseRecord, r *surveyv1.Response) {
			r.OrderId, r.Locale, r.Channel = "1", "en", commonv1.Channel_CHANNEL_WEB
		}},
	} {
		other := kept()
		tt.change(other, other.GetResponse())
		if got := difference(kept(), other); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if got := difference(other, kept()); got != tt.want {
			t.Errorf("the other way round: %q, want %q", got, tt.want)
		}
	}
}
