package config

// Contact is how often, when and on what leave a brand contacts its customers.
type Contact struct {
	// Quiet is when nobody is contacted, in the customer's zone, as 21:00-09:00;
	// empty: never quiet. Modes that do not ring (EMAIL) may be left out of it.
	Quiet      string   `yaml:"quiet"`
	QuietModes []string `yaml:"quiet_modes"`
	// Limits bound contacts in rolling windows of whole days.
	Limits []ContactLimit `yaml:"limits"`
	// Consent are purposes that need an explicit yes.
	Consent []string `yaml:"consent"`
	// Silence is for how many days after a life event of a kind we keep silent;
	// under "default" for kinds not named.
	Silence map[string]int `yaml:"silence"`
}

// ContactLimit is one bound.
type ContactLimit struct {
	// Purpose it is for; empty: all together.
	Purpose string `yaml:"purpose"`
	// Days are whole days where the customer lives, that of the contact included:
	// 1 is "once a day", not once in 24 hours.
	Days int `yaml:"days"`
	// Most contacts within them.
	Most int `yaml:"most"`
}
