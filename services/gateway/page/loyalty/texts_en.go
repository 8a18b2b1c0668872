package loyalty

import (
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = words{
	Lang:   shell.English,
	member: []string{"member", "members"}, point: []string{"point", "points"}, redemption: []string{"redemption", "redemptions"},

	Loyalty: "Loyalty", Members: "Members", Member: "Member",
	NoProgramme: "%s has no loyalty programme yet. Make one from a file: rapport loyalty programme create FILE.yaml; an example is deploy/examples/loyalty/beauty.yaml.",
	Programme:   "Programme", Dates: "Dates", DateFrom: "From", DateTo: "To", NoInterval: "too few for an interval",
	PointsHead: "Points", WorthHead: "Worth", ShareHead: "Share", MonthHead: "Month", Never: "never", Until: "until %s", Since: "since %s",
	Whole: "The whole time", Closed: "closed", FullCount: "Counted in full from the ledger: nothing here is a sample.",

	Figures: "Points and members", Before: "Before: %s", Issued: "Issued", Spent: "Spent", Expired: "Expired", Outstanding: "Outstanding",
	OwedBy: "members owe %s", RedemptionRate: "Redemption rate", Others: "others reach %s", Enrolled: "%s joined", Active: "Active members",
	Spenders: "%s of them spent", ActiveRate: "Share of active members",
	Young:        "The programme's first points are younger than 6 months: rates will still rise.",
	NothingMoved: "No points were issued or spent in these days.",

	Months: "Issued and spent by month", ByTier: "Redemption rate by tier", ByChannel: "Redemption rate by channel", TierHead: "Tier", ChannelHead: "Channel",
	RedemptionsHead: "Redemptions", RateTitle: "%s: %s issued, %s spent, rate %s",
	Cohorts:     "Share spent by age, per month of issue",
	CohortHint:  "Of the points of a month, how much was spent until the end of that month (0) and of each later one. The last point of a line is still moving.",
	CohortTitle: "%s: %s of %s points spent by month %d", CurveTitle: "%s: %s of %s points", AgeHead: "Months since the month of issue",

	Liability: "What members can still spend, by when it ends", NothingOwed: "Nobody has any points.", Breakage: "Breakage",
	ExpiredOf: "%s of %s issued", ExpectedHead: "Expected to expire, of what is outstanding", ExpectedBy: "by what became of the points of %s earlier months",
	NoExpectation: "not known: nothing has expired in a complete month yet", BreakageHint: "Expired on the days shown / issued in them",

	Participation: "Who takes part", DaysHead: "Days", EnrolledHead: "Joined", TierFlow: "Who went from tier to tier",
	TierRules: "by the rules in force now, as purchases count now", NobodyYet: "There are no members yet.",
	Rose: "Rose", Fell: "Fell", Stayed: "Stayed", Joined: "Joined", NewMembers: "new members", Total: "Total",
	FlowHint: "Rows are where members were at the end of the first day, columns where they are at the end of the last; shares are of the row. The framed cells stayed.",

	Offers: "Offers", OfferHead: "Offer", Received: "Received", Viewed: "Seen", Completed: "Completed", NoOffers: "There are no offers yet.",
	SinceBeginning: "since the beginning", IntervalHead: "Completed, 95 % interval",
	Rewards: "Rewards", RewardHead: "Reward", CostHead: "Cost", TakenHead: "Taken", LeftHead: "Left", LeftOf: "%s of %s", Endless: "without end",
	NoRewards: "There are no rewards yet.", ForSegment: "only segment %s",
	Impact:        "Do members buy otherwise?",
	NotCausal:     "None of this is the programme's effect: who joins buys more to begin with. It tells where to look; an experiment tells what the programme does.",
	AgainstOthers: "Members beside others", BeforeAfter: "Members after they joined beside before", OthersHead: "Others", MembersHead: "Members", BeforeHead: "Before", AfterHead: "After",
	MeasureHead: "Measure", ChangeHead: "Difference, 95 % interval", NotSure: "may be chance",

	FindMember: "Find a member", FindHint: "Number, e-mail, telephone, card or system:number", Find: "Find", FoundMany: "%s may be:", FoundNone: "Nobody was found by %s.",
	Account: "Balance", Available: "points may be spent", NoMember: "Has no points and never had any", MemberSince: "Member since %s",
	OwesLong: "Owes %s points: they were taken back after they had been spent, and the next ones pay them.",
	Earned:   "Earned, ever", SpentEver: "Spent, ever", Adjusted: "Corrected by hand", Transferred: "From and to members", Stands: "Now counted with number", ToCustomer: "All that is known of this customer",
	Ladder: "Tiers", FromHead: "From", TimesHead: "Points", CountedFrom: "counted from %s to %s", ForEver: "for ever", Missing: "%s more to %s",
	Projected: "By what counts now it would be %s: in time the member falls to it.", FallsHead: "Stops counting, if nothing more is earned",
	Expiries: "What ends when", NothingToLose: "There are no points to lose.", OnDelivery: "with the delivery", ActivateHead: "May be spent from",
	Entries: "Entries", NoEntries: "There are no entries.", WhenHead: "When", WhatHead: "What", WhyHead: "What for", OfOrder: "order %s", OfLine: "line %s",
	OtherMember: "member %d", LotTaken: "took %s, valid %s", LotGiven: "gave %s, valid %s", MoreLots: "and %s more", NeverExpires: "for ever",
	Holds: "Set aside", HoldOf: "hold %s", NoHolds: "Nothing is set aside.", ForHead: "What for", UntilHead: "Until",
	TakenRewards: "Rewards taken", NothingTaken: "No rewards were taken.", StateHead: "State", PersonalOffers: "Personal offers", NoPersonal: "There are no offers for this member.",
	ForReward: "a reward", SoFar: "so far %s in %s purchases",

	spans:    map[string]string{"7": "Week", "30": "30 days", "90": "90 days", "365": "Year"},
	measures: map[string]string{"frequency": "Purchases per person and year", "average_check": "Average check", "retention": "Bought again in the second half"},
	movements: map[loyaltyv1.MovementKind]string{
		loyaltyv1.MovementKind_MOVEMENT_KIND_EARN: "Earned", loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE: "May be spent", loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM: "Spent",
		loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD: "Set aside", loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE: "Spent of what was set aside",
		loyaltyv1.MovementKind_MOVEMENT_KIND_VOID: "Set aside no more", loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE: "Taken back",
		loyaltyv1.MovementKind_MOVEMENT_KIND_ADJUST: "Corrected", loyaltyv1.MovementKind_MOVEMENT_KIND_TRANSFER: "Given to a member", loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE: "Expired",
	},
	accounts: map[loyaltyv1.AccountKind]string{
		loyaltyv1.AccountKind_ACCOUNT_KIND_AVAILABLE: "available", loyaltyv1.AccountKind_ACCOUNT_KIND_HELD: "set aside",
		loyaltyv1.AccountKind_ACCOUNT_KIND_PENDING: "pending", loyaltyv1.AccountKind_ACCOUNT_KIND_OWED: "owed",
	},
	kinds: map[loyaltyv1.Reward_Kind]string{
		loyaltyv1.Reward_KIND_GIFT: "gift", loyaltyv1.Reward_KIND_CHOICE: "gift of choice", loyaltyv1.Reward_KIND_PRIVILEGE: "privilege", loyaltyv1.Reward_KIND_BIRTHDAY: "for the birthday",
	},
	states: map[loyaltyv1.TakenReward_State]string{
		loyaltyv1.TakenReward_STATE_HELD: "set aside", loyaltyv1.TakenReward_STATE_TAKEN: "taken", loyaltyv1.TakenReward_STATE_CANCELLED: "cancelled", loyaltyv1.TakenReward_STATE_REFUNDED: "given back",
	},
}
