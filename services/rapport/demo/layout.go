package demo

import (
	"context"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// layOut defines what answers need. The mark comes first, so that a filling that
// is broken off is recognised and goes on with the same chain.
func (f *filling) layOut(ctx context.Context, w *World, m *mark) error {
	if err := f.writeMark(ctx, m); err != nil {
		return err
	}
	if err := f.metrics(ctx); err != nil {
		return err
	}
	all := w.Subjects()
	for len(all) > 0 {
		n := min(len(all), maxRows)
		if err := f.subjects(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	// Without rules the history is imported, with them what came since: a version
	// each. A survey that got further in an earlier filling stays.
	with := Surveys(true)
	for i, s := range Surveys(false) {
		if err := f.survey(ctx, s, with[i]); err != nil {
			return fmt.Errorf("define survey %s: %w", s.GetId(), err)
		}
	}
	return f.describe(ctx)
}

// metrics are sent twice over: those that are made of others need them there.
func (f *filling) metrics(ctx context.Context) error {
	all := Metrics()
	for _, batch := range [][]*surveyv1.Metric{all[:len(all)-1], all[len(all)-1:]} {
		resp, err := f.Survey.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: f.brand, Metrics: batch})
		if err != nil {
			return fmt.Errorf("define metrics: %w", err)
		}
		for i, r := range resp.GetResults() {
			if r.GetError() != nil {
				return fmt.Errorf("define metric %s: %w", batch[i].GetName(), fault.FromStatus(r.GetError()))
			}
		}
	}
	return nil
}

func (f *filling) subjects(ctx context.Context, batch []*surveyv1.Subject) error {
	resp, err := f.Survey.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: f.brand, Subjects: batch})
	if err != nil {
		return fmt.Errorf("write subjects: %w", err)
	}
	for i, r := range resp.GetResults() {
		if r.GetError() != nil {
			return fmt.Errorf("write subject %s: %w", batch[i].GetRef().GetId(), fault.FromStatus(r.GetError()))
		}
	}
	return nil
}

func (f *filling) survey(ctx context.Context, plain, ruled *surveyv1.Survey) error {
	have, err := f.Survey.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: f.brand, Survey: plain})
	at := have.GetSurvey()
	if fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		var got *surveyv1.GetSurveyResponse
		got, err = f.Survey.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Brand: f.brand, SurveyId: plain.GetId()})
		at = got.GetSurvey()
	}
	if err != nil {
		return err
	}
	for at.GetPublishedVersion() < 2 {
		if at.GetPublishedVersion() == 1 {
			if _, err := f.Survey.UpdateSurvey(ctx, &surveyv1.UpdateSurveyRequest{Brand: f.brand, Survey: ruled}); err != nil {
				return err
			}
		}
		now, err := f.Survey.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: f.brand, SurveyId: plain.GetId()})
		if err != nil {
			return err
		}
		if now.GetSurvey().GetPublishedVersion() == at.GetPublishedVersion() {
			return fmt.Errorf("version %d was not followed by another", at.GetPublishedVersion())
		}
		at = now.GetSurvey()
	}
	return nil
}

func (f *filling) goals(ctx context.Context, w *World) error {
	for _, g := range w.Goals() {
		if _, err := f.Survey.SetGoal(ctx, &surveyv1.SetGoalRequest{Brand: f.brand, Goal: g}); err != nil {
			return fmt.Errorf("set goal of %s: %w", g.GetMetric(), err)
		}
	}
	return nil
}
