package loyalty

import (
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// words is a catalogue of all that these pages say. A test holds every field of
// every language against the others.
type words struct {
	shell.Lang

	// The forms of words that are counted.
	member, point, redemption []string

	// Of the pages, and of numbers everywhere.
	Loyalty, Members, Member, NoProgramme, Programme, Dates, DateFrom, DateTo, NoInterval string
	PointsHead, WorthHead, ShareHead, MonthHead, Never, Until, Since, Whole, Closed       string
	FullCount                                                                             string

	// Of the programme's figures.
	Figures, Before, Issued, Spent, Expired, Outstanding, OwedBy, RedemptionRate, Others string
	Enrolled, Active, Spenders, ActiveRate, Young, NothingMoved                          string

	// Of rates and cohorts.
	Months, ByTier, ByChannel, TierHead, ChannelHead, RedemptionsHead, RateTitle string
	Cohorts, CohortHint, CohortTitle, CurveTitle, AgeHead                        string

	// Of what is owed and lost.
	Liability, NothingOwed, Breakage, ExpiredOf, ExpectedHead, ExpectedBy, NoExpectation, BreakageHint string

	// Of who takes part.
	Participation, DaysHead, EnrolledHead, TierFlow, TierRules, NobodyYet, Rose, Fell, Stayed, Joined string
	NewMembers, Total, FlowHint                                                                       string

	// Of offers, rewards and impact.
	Offers, OfferHead, Received, Viewed, Completed, NoOffers, SinceBeginning, IntervalHead        string
	Rewards, RewardHead, CostHead, TakenHead, LeftHead, LeftOf, Endless, NoRewards, ForSegment    string
	Impact, NotCausal, AgainstOthers, BeforeAfter, OthersHead, MembersHead, BeforeHead, AfterHead string
	MeasureHead, ChangeHead, NotSure                                                              string

	// Of a member.
	FindMember, FindHint, Find, FoundMany, FoundNone, Account, Available, NoMember, MemberSince, OwesLong  string
	Earned, SpentEver, Adjusted, Transferred, Stands, ToCustomer, Ladder, FromHead, TimesHead              string
	CountedFrom, ForEver, Missing, Projected, FallsHead, Expiries, NothingToLose, OnDelivery, ActivateHead string
	Entries, NoEntries, WhenHead, WhatHead, WhyHead, OfOrder, OfLine, OtherMember, LotTaken, LotGiven      string
	MoreLots, NeverExpires, Holds, HoldOf, NoHolds, ForHead, UntilHead, TakenRewards, NothingTaken         string
	StateHead, PersonalOffers, NoPersonal, SoFar, ForReward                                                string

	spans     map[string]string
	measures  map[string]string
	movements map[loyaltyv1.MovementKind]string
	accounts  map[loyaltyv1.AccountKind]string
	kinds     map[loyaltyv1.Reward_Kind]string
	states    map[loyaltyv1.TakenReward_State]string
}

// catalogues are the catalogues, the first for whoever asks for none of them.
var catalogues = []*words{&english, &russian}
