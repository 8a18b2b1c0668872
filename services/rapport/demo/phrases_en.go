package demo

// english is shorter: few customers write in it.
var english = phrases{
	openers: [3][]string{
		bad:   {"Very disappointed.", "Not good enough.", "Same problem again."},
		mixed: {"Mostly fine.", "It was okay.", "Could be better."},
		good:  {"Great experience!", "Thank you!", "Very happy."},
	},
	closers: [3][]string{
		bad:   {"Please call me back.", "I will not come again.", "I want a refund."},
		mixed: {"Please have a look at it.", "I will try once more."},
		good:  {"Keep it up!", "Will order again.", "Recommended."},
	},
	general: [3][]string{
		bad:   {"Service has got worse lately.", "Nobody seemed to care.", "I expected more for the money."},
		mixed: {"The rest was all right.", "Nothing special, nothing terrible."},
		good:  {"Fast and friendly.", "Everything went smoothly.", "My favourite shop in town."},
	},
	bodies: map[topic][3][]string{
		queue: {
			bad:   {"Waited {min} minutes at the only open till.", "Self-checkout was broken again and the queue did not move."},
			mixed: {"The queue was long but the cashier was kind."},
			good:  {"No queue at all, even on a Saturday."},
		},
		staff: {
			bad:   {"Asked for help and was told to look for myself.", "The guard was rude to my kids."},
			mixed: {"Staff were polite but hard to find."},
			good:  {"A lady on the floor helped me find everything, even in English."},
		},
		assortment: {
			bad:   {"Half the shelves were empty by {hour}:00."},
			mixed: {"Good choice, but the vegetables were tired."},
			good:  {"Found everything on my list."},
		},
		prices: {
			bad:   {"The price on the shelf was not the price at the till."},
			mixed: {"A bit pricey, but close to home."},
			good:  {"Fair prices and my card discount worked."},
		},
		lateness: {
			bad:   {"The order came {min} minutes late and nobody told me.", "Delivery was moved twice without asking."},
			mixed: {"Late by {min} minutes, but the courier called."},
			good:  {"A little late, but they apologised nicely."},
		},
		courierman: {
			bad:   {"The courier left the bags in the rain."},
			mixed: {"The courier was in a hurry."},
			good:  {"The courier was right on time and very polite."},
		},
		packing: {
			bad:  {"Broken eggs, and milk over everything."},
			good: {"Packed with care, frozen food still frozen."},
		},
		missing: {
			bad:  {"Two items were missing and no refund so far."},
			good: {"Nothing was missing, substitutes were agreed by phone."},
		},
		waiting: {
			bad:   {"They looked for my parcel for {min} minutes."},
			mixed: {"The desk is hard to find."},
			good:  {"Picked it up in a minute."},
		},
	},
}
