package access

import (
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// role is a role of access.yaml.
type role struct {
	Brands []string `yaml:"brands"`
	// Subjects are the tops of what is seen; SubjectsFrom names a claim that has them
	// instead. Neither: the whole brand.
	Subjects     []string           `yaml:"subjects"`
	SubjectsFrom string             `yaml:"subjects_from"`
	Sections     map[Section][]Verb `yaml:"sections"`
	// Wide are sections that the scope does not bind.
	Wide []Section `yaml:"wide"`
	// Finest is the shortest stretch of time that numbers may be asked for.
	Finest string `yaml:"finest"`
	// Operations are the RPCs allowed, by their short names; empty: all of the sections.
	Operations []string `yaml:"operations"`

	tops   []Ref
	finest commonv1.Grain
}

// everyBrand stands for all brands there are.
const everyBrand = "*"

// part is what one role, or the token itself, leaves over.
type part struct {
	role *role
	// bound says that tops are all that is seen; without any that is nothing.
	bound bool
	tops  []Ref
}

// grant is what a token may do: what each of its parts allows.
type grant struct {
	// brands that the token itself is confined to; nil: those of its roles.
	brands []string
	parts  []part
}

// calls holds a call against the rule of its RPC, as far as that can be told without
// reading the request. A brand is a name at this point: it may or may not exist.
func (g *grant) calls(r *Rule, brand string) bool {
	if !g.everywhere(r, brand) {
		return false
	}
	for _, v := range r.Verbs {
		if !g.allows(r.Section, v) {
			return false
		}
	}
	return r.Reach != Whole || !g.narrows(r.Section)
}

// checks is what a handler asks. A subject must not be named unless the handler then
// lays Narrowing over its question.
func (g *grant) checks(r *Rule, in Request) bool {
	section := in.Section
	if section == "" {
		section = r.Section
	}
	if section != r.Section && g.narrows(section) {
		return false
	}
	return g.everywhere(r, in.Brand) && g.allows(section, in.Verb)
}

// everywhere says that brand and operation are allowed by all parts.
func (g *grant) everywhere(r *Rule, brand string) bool {
	return g.of(brand) && !slices.ContainsFunc(g.parts, func(p part) bool {
		return len(p.role.Operations) > 0 && !slices.Contains(p.role.Operations, r.name)
	})
}

// of says that the brand is allowed by all parts.
func (g *grant) of(brand string) bool {
	if g == nil || len(g.parts) == 0 || brand == "" || g.brands != nil && !slices.Contains(g.brands, brand) {
		return false
	}
	return !slices.ContainsFunc(g.parts, func(p part) bool { return !p.role.of(brand) })
}

func (g *grant) allows(s Section, v Verb) bool {
	for _, p := range g.parts {
		if !slices.Contains(p.role.Sections[s], v) {
			return false
		}
	}
	return len(g.parts) > 0
}

// narrows says that the caller sees a part of the structure only in this section.
func (g *grant) narrows(s Section) bool {
	return slices.ContainsFunc(g.parts, func(p part) bool { return p.binds(s) })
}

// binds says that the part's tops are all that is seen in the section.
func (p part) binds(s Section) bool { return p.bound && !slices.Contains(p.role.Wide, s) }

// of says that the role is for the brand.
func (r *role) of(brand string) bool {
	return slices.Contains(r.Brands, brand) || slices.Contains(r.Brands, everyBrand)
}
