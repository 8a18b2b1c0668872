package access

import (
	"maps"
	"slices"
)

// Section is a part of the suite that roles allow or not.
type Section string

// The sections.
const (
	Directory  Section = "directory"  // subjects that are rated
	Surveys    Section = "surveys"    // metrics and questionnaires
	Scores     Section = "scores"     // every number of Survey
	Goals      Section = "goals"      // targets
	Responses  Section = "responses"  // single responses
	Cases      Section = "cases"      // call-backs
	Customers  Section = "customers"  // who they are
	Segments   Section = "segments"   // groups, panels, RFM, hypotheses, experiments
	Contacts   Section = "contacts"   // whom to ask and how often
	Events     Section = "events"     // single events of a journey
	Journeys   Section = "journeys"   // measures, funnels, paths, maps
	Points     Section = "points"     // ledger and balances
	Programmes Section = "programmes" // tiers, earning rules, rewards, rates
	Reports    Section = "reports"    // what the gateway composes
	// What comes by itself: read and define one's own, amend those of others.
	Subscriptions Section = "subscriptions"
	Operations    Section = "operations" // metrics of the process, the lake's files
)

var sections = []Section{
	Directory, Surveys, Scores, Goals, Responses, Cases, Customers, Segments, Contacts, Events, Journeys, Points, Programmes, Reports, Subscriptions, Operations,
}

// Reach says what becomes of a call by a caller who sees a part of the structure only.
type Reach int

// The reaches. The least that can be said is that it is refused.
const (
	// Whole is about the brand as a whole: refused, unless the role says that its
	// scope does not bind this section (wide).
	Whole Reach = iota
	// Narrowed is about subjects: the handler lays the caller's scope over it.
	Narrowed
	// Free tells nothing of any subject or person.
	Free
	// Composed is answered by asking neighbours on the caller's behalf, each of which
	// refuses or narrows by itself.
	Composed
)

// Rule is what a caller needs for one RPC.
type Rule struct {
	Section Section
	Verbs   []Verb // all of them
	Reach   Reach
	// Personal is read of persons: it is recorded.
	Personal bool
	// name is the RPC's last part, as operations of a role name it.
	name string
}

// RuleOf finds the rule of an RPC by its full name, /package.Service/Method; nil: it
// has none, and is refused to all but neighbours.
func RuleOf(method string) *Rule { return rules[method] }

// Composes tells whether the RPC asks others on its caller's behalf.
func (r *Rule) Composes() bool { return r != nil && r.Reach == Composed }

var rules = func() map[string]*Rule {
	out := map[string]*Rule{}
	for service, of := range map[string]map[string]Rule{
		"/rapport.survey.v1.SurveyService/":             surveyRules,
		"/rapport.segmentation.v1.SegmentationService/": segmentationRules,
		"/rapport.journey.v1.JourneyService/":           journeyRules,
		"/rapport.loyalty.v1.LoyaltyService/":           loyaltyRules,
		"/rapport.report.v1.ReportService/":             reportRules,
	} {
		for name, r := range of {
			r.name = name
			out[service+name] = &r
		}
	}
	return out
}()

// one is the usual rule.
func one(s Section, v Verb, reach Reach) Rule {
	return Rule{Section: s, Verbs: []Verb{v}, Reach: reach}
}

// personal is a rule for what is read of persons.
func personal(s Section, v Verb, reach Reach) Rule {
	return Rule{Section: s, Verbs: []Verb{v}, Reach: reach, Personal: true}
}

// everyRule is all of them, to find those that a role names.
var everyRule = slices.Collect(maps.Values(rules))
