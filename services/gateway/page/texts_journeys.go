package page

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// journeyWords are the part of a catalogue that the pages beside the overview say.
type journeyWords struct {
	// Of the pages.
	Journeys, Paths, Maps                   string
	Quiet, NoEvents, NothingHappened, Older string
	// Of customers.
	Lookup, LookupHint, LookupNone, LookupMany, People, Person, Timeline         string
	PeopleOf, NoPeople, NumberHead, SinceHead, StateHead, MergedOf, Stands       string
	Erased, ErasedLong, Since, Purchases, NoPurchases, Returns, Bought           string
	MaskedNote, NothingKnown, Answered, AtTouchpoint, OfOrder, Because, Promised string
	Occasions, EventsMissing, AnswersMissing, ToAccount                          string
	// Of the success index, the contact rate and retention.
	Success, WithinNorm, OffNormHead, OrdersHead, ShareHead, AnyHead, OpenOrders                string
	NotCollected, CancelledByCustomer, NoOrders, Contacts, ContactsOf, ReasonHead, ContactsHead string
	ReceiptsHead, PerHundred, ChannelHead, OtherReasons, NoReason, NoContacts, Retention        string
	RetentionHint, CohortHead, NewHead, CohortTitle, PartialMonth, OlderCohorts, NoCohorts      string
	NoContactsSeen                                                                              string
	// Of the funnel.
	Funnel, Steps, StepHead, StepNumber, UnitWord, SplitWord, ShowFunnel       string
	OfFirst, OfPrevious, HalfTime, MostTime, SincePrevious, Within, WithinWord string
	AnyTime, ChooseSteps, NobodyBegan, OtherGroups, GroupHead, FunnelNote      string
	// Of paths.
	Choice, Sankey, Ways, LengthWord, WholePath, FirstEvents, RepeatsWord        string
	RepeatsPassed, RepeatsKept, Begin, End, OtherKinds, SankeyNote, Gathered     string
	FromHead, ToHead, TimesHead, OtherTransitions, SumHead, PathHead, OtherPaths string
	UnitsHead, PathNote                                                          string
	// Of maps.
	Map, NoMaps, Unpublished, MapVersion, ScoresMissing, OfSegment, OfEmployees string
	OfCustomer, OfAll, Online, Offline, OwnerWord, Visits, PeopleCount          string
	ContactsCount, DropOff, LostOf, Goal, Quotes, Barriers, Influencers         string
	WorstLegend, EmotionCurve, EmotionHead, MarkHead, TouchpointHead, NoScore   string
	// Of lengths of time.
	Seconds, Minutes, Hours, DaysShort string

	// events are names of the kinds that every brand has.
	events     map[string]string
	identities map[commonv1.Identity_Kind]string
	offNorms   map[journeyv1.OffNormReason]string
	units      map[journeyv1.Unit]string
	splits     map[string]string
}
