package report

import (
	"cmp"
	"maps"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// total is everything the sections say of all channels together.
func (o *omnichannel) total() *reportv1.ChannelReport {
	out := o.group("")
	aim(out.Metrics, o.goals)
	if o.retained != nil {
		rates := make([]*reportv1.Rate, len(o.retained))
		for i, p := range o.retained {
			rates[i] = retentionRate(p)
		}
		r := rated(rates)
		r.Benchmark = given(byIndustry[o.b.Industry].retention)
		out.Rates = append(out.Rates, r)
	}
	return out
}

// channels are those of which any section says anything in the window, in the order of
// the contract; the one that stands for not known comes last.
func (o *omnichannel) channels() []*reportv1.ChannelReport {
	var out []*reportv1.ChannelReport
	for _, key := range o.keys() {
		one := o.group(key)
		one.Channel = commonv1.Channel(commonv1.Channel_value["CHANNEL_"+key])
		out = append(out, one)
	}
	unknown := func(c *reportv1.ChannelReport) int {
		if c.GetChannel() == commonv1.Channel_CHANNEL_UNSPECIFIED {
			return 1
		}
		return 0
	}
	slices.SortFunc(out, func(x, y *reportv1.ChannelReport) int {
		return cmp.Or(cmp.Compare(unknown(x), unknown(y)), cmp.Compare(x.GetChannel(), y.GetChannel()))
	})
	return out
}

// keys are the channels that there are, each once.
func (o *omnichannel) keys() []string {
	var keys []string
	for _, r := range o.scores {
		for _, s := range r.at[current].GetSeries() {
			keys = append(keys, s.GetKey()[0])
		}
	}
	for _, s := range o.responses.GetSeries() {
		keys = append(keys, s.GetKey()[0])
	}
	if o.orders != nil {
		for _, g := range o.orders[current].GetGroups() {
			keys = append(keys, g.GetKey())
		}
	}
	if o.contacts != nil {
		for _, g := range o.contacts[current].GetGroups() {
			keys = append(keys, g.GetKey())
		}
	}
	if o.invited != nil {
		for _, g := range o.invited[current].GetSeries() {
			keys = append(keys, g.GetKey()[0])
		}
	}
	if o.points != nil {
		keys = slices.AppendSeq(keys, maps.Keys(o.points[current].channels))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// group is what the sections say of one channel, of all for an empty key.
func (o *omnichannel) group(key string) *reportv1.ChannelReport {
	out := &reportv1.ChannelReport{}
	// A channel in which nothing of the kind ever happens has no such rate.
	add := func(r *reportv1.Rate) {
		if key == "" || r.GetNumerator()+r.GetDenominator()+r.GetPrevious().GetN()+r.GetYearBefore().GetN() > 0 {
			out.Rates = append(out.Rates, r)
		}
	}
	for _, r := range o.scores {
		if l := o.b.line(r, key); l != nil {
			out.Metrics = append(out.Metrics, l)
		}
	}
	if o.responses != nil {
		out.Responses = reading{at: []*surveyv1.OverviewScore{o.responses}}.score(current, key).GetN()
	}
	if o.invited != nil {
		add(rated(stretches(o.invited, func(r *surveyv1.GetInvitationStatsResponse) *reportv1.Rate { return answeredShare(key, r) })))
	}
	if o.orders != nil {
		ofChannel := stretches(o.orders, func(r *journeyv1.GetSuccessIndexResponse) *journeyv1.SuccessIndex {
			return keyed(key, r.GetTotal(), r.GetGroups())
		})
		out.Orders, out.OffNorm = ended(ofChannel[current]), offNorm(ofChannel[current])
		add(rated(stretches(ofChannel, successRate)))
	}
	if o.contacts != nil {
		add(rated(stretches(o.contacts, func(r *journeyv1.GetContactRateResponse) *reportv1.Rate {
			return contactsPerReceipt(keyed(key, r.GetTotal(), r.GetGroups()))
		})))
	}
	if o.points != nil {
		add(rated(stretches(o.points, func(p points) *reportv1.Rate { return p.rate(key) })))
	}
	return out
}

// stretches does the same with what is known of each stretch of time.
func stretches[T, U any](of []T, do func(T) U) []U {
	out := make([]U, len(of))
	for i, one := range of {
		out[i] = do(one)
	}
	return out
}

// keyed is the group of a key, the total for none; nil if there is no such group.
func keyed[T interface{ GetKey() string }](key string, total T, groups []T) T {
	if key == "" {
		return total
	}
	for _, g := range groups {
		if g.GetKey() == key {
			return g
		}
	}
	var none T
	return none
}
