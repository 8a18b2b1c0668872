package importer

import (
	"context"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// define makes the mapping's metrics and surveys. Unlike a row, a definition
// that is refused ends the import: no response would fit.
func (r *run) define(ctx context.Context) error {
	if len(r.m.Metrics) > 0 {
		if err := r.metrics(ctx); err != nil {
			return err
		}
	}
	for _, s := range r.m.Surveys {
		if err := r.survey(ctx, s); err != nil {
			return fmt.Errorf("define survey %s: %w", s.GetId(), err)
		}
	}
	return nil
}

func (r *run) metrics(ctx context.Context) error {
	var resp *surveyv1.UpsertMetricsResponse
	err := r.retry(ctx, func() (err error) {
		resp, err = r.client.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: r.m.Brand, Metrics: r.m.Metrics})
		return err
	})
	if err != nil {
		return fmt.Errorf("define metrics: %w", err)
	}
	for i, result := range resp.GetResults() {
		if result.GetError() != nil {
			return fmt.Errorf("define metric %s: %w", r.m.Metrics[i].GetName(), fault.FromStatus(result.GetError()))
		}
	}
	return nil
}

func (r *run) survey(ctx context.Context, s *surveyv1.Survey) error {
	var have *surveyv1.Survey
	err := r.retry(ctx, func() error {
		resp, err := r.client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: r.m.Brand, Survey: s})
		have = resp.GetSurvey()
		return err
	})
	switch {
	case fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS):
		return r.existing(ctx, s)
	case err != nil:
		return err
	case have.GetState() == surveyv1.SurveyState_SURVEY_STATE_CLOSED:
		// It still takes answers about what was experienced before.
		return nil
	}
	return r.publish(ctx, s.GetId())
}

// existing deals with a survey that is there with another questionnaire.
func (r *run) existing(ctx context.Context, s *surveyv1.Survey) error {
	if r.opts.ReplaceSurveys {
		err := r.retry(ctx, func() error {
			_, err := r.client.UpdateSurvey(ctx, &surveyv1.UpdateSurveyRequest{Brand: r.m.Brand, Survey: s})
			return err
		})
		if err != nil {
			return err
		}
		return r.publish(ctx, s.GetId())
	}
	var have *surveyv1.Survey
	err := r.retry(ctx, func() error {
		resp, err := r.client.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Brand: r.m.Brand, SurveyId: s.GetId()})
		have = resp.GetSurvey()
		return err
	})
	if err != nil {
		return err
	}
	if have.GetPublishedVersion() == 0 {
		return fmt.Errorf("it is a draft with another questionnaire; publish it, or replace it by the mapping's")
	}
	r.say("survey %s has another questionnaire than the mapping; it stays as it is\n", s.GetId())
	return nil
}

func (r *run) publish(ctx context.Context, id string) error {
	return r.retry(ctx, func() error {
		_, err := r.client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: r.m.Brand, SurveyId: id})
		return err
	})
}

// declare says which attributes the customers may have.
func (r *run) declare(ctx context.Context, client segmentationv1.SegmentationServiceClient) error {
	return r.first(ctx, "declare attributes", len(r.m.Attributes), func() error {
		_, err := client.DeclareAttributes(ctx, &segmentationv1.DeclareAttributesRequest{Brand: r.m.Brand, Attributes: r.m.Attributes})
		return err
	})
}

// describe gives the kinds of the events names for people.
func (r *run) describe(ctx context.Context, client journeyv1.JourneyServiceClient) error {
	return r.first(ctx, "describe kinds of events", len(r.m.Kinds), func() error {
		_, err := client.DescribeEventKinds(ctx, &journeyv1.DescribeEventKindsRequest{Brand: r.m.Brand, Kinds: r.m.Kinds})
		return err
	})
}

// first makes a call before the rows, if there are n of anything to make it for.
func (r *run) first(ctx context.Context, doing string, n int, call func() error) error {
	if n == 0 {
		return nil
	}
	if err := r.retry(ctx, call); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func (r *run) say(format string, args ...any) {
	if r.opts.Progress != nil {
		fmt.Fprintf(r.opts.Progress, format, args...)
	}
}
