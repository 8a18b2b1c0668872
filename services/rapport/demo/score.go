package demo

import (
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// A mood is a normal variable: 0 is an average experience, 1 is better than five
// in six. A scale cuts it into scores at the quantiles of the shares that retail
// sees; z is the cuts.
type scale struct {
	lowest int32
	z      []float64
}

var (
	npsScale = scale{0, []float64{-1.88, -1.70, -1.55, -1.41, -1.28, -0.99, -0.81, -0.55, -0.13, 0.25}}
	fiveStar = scale{1, []float64{-1.75, -1.41, -0.92, -0.13}}
	courier5 = scale{1, []float64{-1.88, -1.55, -1.13, -0.47}}
	sevenWay = scale{1, []float64{-1.88, -1.55, -1.23, -0.84, -0.31, 0.39}}
	tenWay   = scale{1, []float64{-2.33, -2.05, -1.75, -1.48, -1.13, -0.84, -0.41, 0.13, 0.67}}
)

func (s scale) score(mood float64) int32 {
	out := s.lowest
	for _, cut := range s.z {
		if mood < cut {
			break
		}
		out++
	}
	return out
}

// The incident: the warehouse of one region stood still.
const (
	incidentRegion = 5 // ural
	incidentFrom   = 26
	incidentDays   = 12
)

func (w *World) incident(e *experience) bool {
	if e.region != incidentRegion || e.channel.survey != surveyDelivery {
		return false
	}
	from := w.opts.Anchor.AddDate(0, 0, -incidentFrom)
	return !e.at.Before(from) && e.at.Before(from.AddDate(0, 0, incidentDays))
}

// lateShare is how many deliveries come late on a usual day, incidentShare how many
// in the incident.
const (
	lateShare     = 0.09
	incidentShare = 0.62
	// partialShare is how many orders lack something, mixedUpShare how many hold what
	// nobody ordered.
	partialShare = 0.035
	mixedUpShare = 0.015
)

// fare works out how the experience went, beside an average one.
func (w *World) fare(c *rand.Rand, e *experience, customer int64) {
	r := &regions[e.region]
	mood := 0.18 + e.channel.mood + e.mode.mood + r.mood + r.trend*w.progress(e.at) + season(e.at)
	// Some people are content with everything, some with nothing.
	mood += (w.trait(customer, ofTemper) + w.trait(customer, ofTemperToo) - 1) * 1.1
	switch {
	case e.courier != nil:
		mood += e.courier.mood + e.store.mood*0.3
		share := lateShare - e.courier.mood*0.1
		if w.incident(e) {
			mood -= 0.35
			share = incidentShare
		}
		if e.late = c.Float64() < share; e.late {
			mood -= 0.95
		}
	case e.point != nil:
		mood += e.point.mood
	default:
		mood += e.store.mood
	}
	if e.channel.ordered() {
		e.partial, e.mixedUp = c.Float64() < partialShare, c.Float64() < mixedUpShare
		if e.partial || e.mixedUp {
			mood -= 0.7
		}
	}
	e.mood = mood + c.NormFloat64()*0.75
}

// near is a mood close to another: what somebody feels about a part of it.
func near(c *rand.Rand, mood, shift float64) float64 {
	return mood*0.85 + shift + c.NormFloat64()*0.4
}

func scoreAnswer(question string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
}

// respond fills in the questionnaire.
func (w *World) respond(c *rand.Rand, e *experience) *surveyv1.Response {
	nps, csat := npsScale.score(e.mood), fiveStar.score(near(c, e.mood, 0.05))
	r := &surveyv1.Response{
		SurveyId: e.channel.survey, Channel: e.channel.id, Mode: e.mode.id,
		ExperiencedAt: timestamppb.New(e.at), OrderId: e.order, Customer: w.known(e),
		Subjects: e.subjects(),
		Facets:   map[string]string{facetTier: w.tier(e)},
		Answers:  []*surveyv1.Answer{scoreAnswer("nps", nps), scoreAnswer("csat", csat)},
	}
	about := w.parts(c, e, r)
	if csat <= 3 {
		r.Answers = append(r.Answers, &surveyv1.Answer{QuestionId: "reason", Value: &surveyv1.Answer_Choice{
			Choice: &surveyv1.Choice{OptionIds: []string{about.id()}},
		}})
	}
	r.Locale = "ru"
	if e.customer > 0 {
		r.Locale = w.locale(e.customer)
	}
	if said := say(c, r.Locale, nps, csat, about); said != "" {
		r.Answers = append(r.Answers, &surveyv1.Answer{QuestionId: "comment", Value: &surveyv1.Answer_Text{Text: said}})
	}
	return r
}

// parts answers what the survey asks beyond the two first questions, and tells
// what moved the customer most.
func (w *World) parts(c *rand.Rand, e *experience, r *surveyv1.Response) topic {
	switch e.channel.survey {
	case surveyVisit:
		return w.visitParts(c, e, r)
	case surveyPickup:
		r.Answers = append(r.Answers, scoreAnswer("ces", sevenWay.score(near(c, e.mood, 0.15))))
		if e.partial {
			return missing
		}
		return pickupTopics[c.IntN(len(pickupTopics))]
	}
	r.Answers = append(r.Answers, scoreAnswer("ces", sevenWay.score(near(c, e.mood, 0.02))))
	if c.Float64() < 0.85 {
		// People are kinder to the courier than to the delivery.
		r.Answers = append(r.Answers, scoreAnswer("courier", courier5.score(near(c, e.mood, 0.25+e.courier.mood*0.5))))
	}
	switch {
	case e.late:
		return lateness
	case e.mixedUp:
		return packing
	case e.partial:
		return missing
	}
	return deliveryTopics[1+c.IntN(len(deliveryTopics)-1)]
}

// visitParts rates the parameters of a visit: a third of people take the time.
func (w *World) visitParts(c *rand.Rand, e *experience, r *surveyv1.Response) topic {
	rates := c.Float64() < 0.35
	best, worst, top, bottom := 0, 0, -9.0, 9.0
	for i := range parameterOf {
		p := &parameterOf[i]
		m := near(c, e.mood, e.store.parts[i]+p.mood)
		if i == 0 && (e.at.Weekday() == time.Saturday || e.at.Hour() >= 18) {
			m -= 0.3 // the queue is longest then
		}
		if m > top {
			best, top = i, m
		}
		if m < bottom {
			worst, bottom = i, m
		}
		if rates {
			a := scoreAnswer(p.id, tenWay.score(m))
			a.Importance = proto.Int32(min(10, max(1, int32(p.importance+c.NormFloat64()*1.3+0.5))))
			r.Answers = append(r.Answers, a)
		}
	}
	if e.mood < 0.1 {
		return parameterOf[worst].topic
	}
	return parameterOf[best].topic
}

// subjects are what the response is about; regions and network follow from them.
func (e *experience) subjects() []*commonv1.SubjectRef {
	switch {
	case e.point != nil:
		return []*commonv1.SubjectRef{ref(commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT, e.point.id)}
	case e.courier != nil:
		return []*commonv1.SubjectRef{
			ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, e.store.id),
			ref(commonv1.SubjectKind_SUBJECT_KIND_COURIER, e.courier.id),
		}
	}
	return []*commonv1.SubjectRef{ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, e.store.id)}
}

// cardShare is how many have a bonus card.
const cardShare = 0.80

// tier is the customer's place in the loyalty programme.
func (w *World) tier(e *experience) string {
	if e.customer == 0 {
		return "none"
	}
	switch u := w.trait(e.customer, ofTier); {
	case u < 0.12:
		return "gold"
	case u < 0.42:
		return "silver"
	case u < cardShare:
		return "basic"
	}
	return "none"
}
