package link

import (
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/stat"
)

// Counts are the numbers of a histogram of steps.
func Counts(histogram []int64) *surveyv1.InvitationCounts {
	n := func(s Step) int64 {
		if int(s) < len(histogram) {
			return histogram[s]
		}
		return 0
	}
	out := &surveyv1.InvitationCounts{
		Sent: n(Sent), Opened: n(Opened), Started: n(Started), Answered: n(Answered),
		OpenVisits: n(OpenOpened), OpenStarted: n(OpenStarted), OpenAnswered: n(OpenAnswered),
	}
	if out.Sent > 0 {
		rate := 100 * float64(out.Answered) / float64(out.Sent)
		low, high := stat.Wilson(out.Answered, out.Sent)
		out.ResponseRate, out.Low, out.High = &rate, &low, &high
	}
	return out
}

// Question asks for the histograms of steps. What is split by must tell of links, and of
// nobody in person.
func Question(in *surveyv1.GetInvitationStatsRequest) (*surveyv1.GetMetricRequest, error) {
	f := fault.Invalid()
	for i, by := range in.GetGroupBy() {
		switch by.GetDimension() {
		case surveyv1.Dimension_DIMENSION_CHANNEL, surveyv1.Dimension_DIMENSION_MODE, surveyv1.Dimension_DIMENSION_SURVEY, surveyv1.Dimension_DIMENSION_DAY_OF_WEEK:
		case surveyv1.Dimension_DIMENSION_SUBJECT:
			if by.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
				f.Field(fmt.Sprintf("group_by[%d].kind", i), "invitations are not counted by employee")
			}
		default:
			f.Field(fmt.Sprintf("group_by[%d].dimension", i), "must be CHANNEL, MODE, SURVEY, DAY_OF_WEEK or SUBJECT")
		}
	}
	for i, ref := range in.GetSubjects() {
		if ref.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
			f.Field(fmt.Sprintf("subjects[%d]", i), "invitations are not counted by employee")
		}
	}
	if g := in.GetGrain(); g != 0 && g < commonv1.Grain_GRAIN_DAY {
		f.Field("grain", "must be a day or more")
	}
	return &surveyv1.GetMetricRequest{
		Brand: in.GetBrand(), Window: in.GetWindow(), Grain: in.GetGrain(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE, GroupBy: in.GetGroupBy(),
		Scope: &surveyv1.Scope{Subjects: in.GetSubjects(), Channels: in.GetChannels(), Modes: in.GetModes(), SurveyIds: in.GetSurveyIds()},
	}, f.Err()
}

// Stats are the counts in histograms of steps.
func Stats(of *surveyv1.GetMetricResponse) *surveyv1.GetInvitationStatsResponse {
	out := &surveyv1.GetInvitationStatsResponse{Total: Counts(of.GetTotal().GetHistogram()), AsOf: of.GetAsOf(), Zone: of.GetZone()}
	for _, s := range of.GetSeries() {
		one := &surveyv1.InvitationSeries{Key: s.GetKey(), Label: s.GetLabel(), Total: Counts(s.GetTotal().GetHistogram())}
		for _, p := range s.GetPoints() {
			one.Points = append(one.Points, &surveyv1.InvitationPoint{Start: p.GetStart(), End: p.GetEnd(), Counts: Counts(p.GetScore().GetHistogram())})
		}
		out.Series = append(out.Series, one)
	}
	return out
}
