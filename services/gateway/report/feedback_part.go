package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// usualSource numbers orders where nothing is said.
const usualSource = "feedback"

// wordsOf is one part as a response.
func wordsOf(in *reportv1.ReportFeedbackRequest, i int) *surveyv1.Response {
	p := in.GetParts()[i]
	out := &surveyv1.Response{
		SurveyId: p.GetSurveyId(), SurveyVersion: p.GetSurveyVersion(), Subjects: []*commonv1.SubjectRef{p.GetSubject()},
		Customer: in.GetAuthor().GetCustomer(), Channel: in.GetChannel(), Mode: in.GetMode(), Answers: p.GetAnswers(),
		ExperiencedAt: in.GetExperiencedAt(), AnsweredAt: in.GetAnsweredAt(), Facets: p.GetFacets(), Locale: in.GetLocale(),
		Source: in.GetSource(), ExternalId: naturalKey(in, p), OrderId: in.GetOrderId(),
	}
	if out.Source == "" {
		out.Source = usualSource
	}
	if out.Channel == commonv1.Channel_CHANNEL_UNSPECIFIED {
		out.Channel = commonv1.Channel_CHANNEL_MARKETPLACE
	}
	return out
}

// naturalKey is what Survey knows a part by, for ever. Of a buyer only that it is the
// buyer goes into it: an address must not be found in a key by whoever knows the order,
// and a customer may be named by an identity once and by number later.
func naturalKey(in *reportv1.ReportFeedbackRequest, p *reportv1.FeedbackPart) string {
	author := "buyer"
	if who := in.GetAuthor().GetSubject(); who != nil {
		author = subjectName(who)
	}
	h := sha256.New()
	for _, part := range []string{in.GetOrderId(), author, in.GetKey(), subjectName(p.GetSubject()), p.GetSurveyId()} {
		// With its length, so that no two lists of parts read the same.
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// pathed is a refusal of Survey's, its fields named as the request of feedback has them.
func pathed(err error, i int) error {
	e := fault.From(err)
	if e == nil {
		if code := fault.Code(err); code == codes.DeadlineExceeded || code == codes.Canceled {
			return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "not answered in time: make the call again").Because(err)
		}
		return err
	}
	if e.Code == codes.DeadlineExceeded || e.Code == codes.Canceled {
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "not answered in time: make the call again").Because(err)
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for k := range out.Fields {
		out.Fields[k].Path = pathOf(out.Fields[k].Path, i)
	}
	if out.Meta = maps.Clone(e.Meta); out.Meta["field"] != "" {
		out.Meta["field"] = pathOf(out.Meta["field"], i)
	}
	return &out
}

// pathOf is where a field of a response comes from.
func pathOf(path string, i int) string {
	rest, ok := strings.CutPrefix(path, "response.")
	if !ok {
		return path
	}
	name, _, _ := strings.Cut(rest, ".")
	name, _, _ = strings.Cut(name, "[")
	switch name {
	case "subjects":
		return fmt.Sprintf("parts[%d].subject", i)
	case "survey_id", "survey_version", "answers", "facets":
		return fmt.Sprintf("parts[%d].%s", i, rest)
	case "customer":
		return "author." + rest
	case "external_id":
		return "key"
	}
	return rest
}
